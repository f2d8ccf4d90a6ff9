"""Worked cases: reading them, following a case to the one that holds its inputs, and comparing figures as printed."""

import json
import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

_REFERENCE = re.compile(r"(?:same [\w -]*?as|see|inputs of|from)\s+(?:case\s+)?`?([a-z][\w]*(?:-[\w]+)+)", re.IGNORECASE)
_SYNONYMS = {
    "downgrade": "contraction", "upgrade": "expansion", "churned": "churn", "cancellation": "churn", "new_business": "new",
    "new business": "new", "activated": "new", "reactivated": "reactivation",
}  # fmt: skip
_LOSSES = ("churn", "contraction", "churned", "downgrade", "cancellation")


@dataclass(frozen=True)
class Case:
    """One worked case: what is known, the rule in words, and the figures that follow."""

    id: str
    kind: str
    inputs: dict[str, Any]
    policy: dict[str, Any]
    expected: dict[str, Any]
    source: str = ""
    note: str = ""
    missing: str = field(default="")

    @property
    def words(self) -> str:
        """The rule as one text in small letters."""
        return " ; ".join(_words(self.policy)).lower()

    def says(self, pattern: str) -> bool:
        return re.search(pattern, self.words) is not None


def read_cases(folder: Path, fallback: Path | None = None) -> list[Case]:
    """Return the cases of metrics.json in a folder, each with the inputs that it takes from another case."""
    raw = json.loads((folder / "metrics.json").read_text())
    known = {each["id"]: each for each in (json.loads((fallback / "metrics.json").read_text()) if fallback else [])}
    known |= {each["id"]: each for each in raw}
    return [resolved(each, known) for each in raw]


def resolved(raw: dict[str, Any], known: dict[str, Any]) -> Case:
    inputs = raw.get("inputs") or {}
    inputs = inputs if isinstance(inputs, dict) else {"rows": inputs}
    case = Case(raw["id"], raw["kind"], {}, raw.get("policy") or {}, raw["expected"], raw.get("source", ""), raw.get("note", ""))
    resolved: dict[str, Any] = {}
    for key, value in inputs.items():
        match = _REFERENCE.search(value) if isinstance(value, str) else None
        if match is None:
            resolved[key] = value
        elif match[1] not in known:
            return replace(case, inputs=inputs, missing=match[1])
        else:
            theirs = known[match[1]]["inputs"]
            own = theirs.get(key, theirs.get(value.split()[0]))
            resolved = {**{name: held for name, held in theirs.items() if name not in inputs}, **resolved}
            if own is not None:
                resolved[key] = own
    return replace(case, inputs=resolved)


def _words(value: Any, name: str = "") -> list[str]:
    if isinstance(value, dict):
        return [word for key, inner in value.items() for word in _words(inner, str(key))]
    if isinstance(value, list):
        return [word for inner in value for word in _words(inner, name)]
    return [f"{name}: {value}"]


def differences(expected: Any, actual: Any, path: str = "") -> list[str]:
    """Return where figures differ from what is printed; a figure that is not there is a difference."""
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return [f"{path}: no figure"]
        found = []
        for key, value in expected.items():
            where = f"{path}.{key}" if path else str(key)
            found += [f"{where}: no figure"] if key not in actual else differences(value, actual[key], where)
        return found
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return [f"{path}: {expected} expected, {actual} found"]
        return [
            line
            for at, (one, other) in enumerate(zip(expected, actual, strict=True))
            for line in differences(one, other, f"{path}[{at}]")
        ]
    same = _same(expected, actual, path.rsplit(".", 1)[-1])
    return [] if same else [f"{path}: {expected} expected, {actual} found"]


def _same(expected: Any, actual: Any, key: str) -> bool:
    if isinstance(expected, str) and isinstance(actual, str):
        return _SYNONYMS.get(expected.lower(), expected.lower()) == _SYNONYMS.get(actual.lower(), actual.lower())
    if expected is None or actual is None or isinstance(expected, bool | str):
        return bool(expected == actual)
    printed, found = Decimal(repr(expected)), Decimal(str(actual))
    if key in _LOSSES and printed > 0:
        found = -found  # a loss printed without its sign
    decimals = max(2, -int(printed.as_tuple().exponent))
    decimals = decimals if decimals <= 6 else 2  # more decimals than money is kept with: to the cent
    return abs(found - printed) <= Decimal(5).scaleb(-decimals - 1) + Decimal("1e-9")
