"""Which adapter answers a case, and what came of it on both paths."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from importlib import import_module
from typing import Any

from tests.golden.billing import charges, proration
from tests.golden.billing.running import PATHS, Amount, Rate

Figures = dict[str, Any]
_MINE: dict[str, Callable[[Mapping[str, Any], Rate], Figures]] = {
    "late_event_attribution": charges.late_event,
    "late_event": charges.late_event,
    "proration_change": proration.change,
    "proration_amount": proration.amount,
    "proration_amount_tax": proration.amount,
    "proration_mixed": proration.mixed,
    "money_rounding": proration.rounded_amounts,
    "round_then_sum": proration.rounded_amounts,
}
_BOTH: dict[str, Callable[[Mapping[str, Any]], dict[str, Figures]]] = {"proration_ratio": proration.ratio}
for _module in ("tests.pricing.metering.golden", "tests.pricing.commitments.golden"):
    _BOTH |= import_module(_module).FORMS


_FAMILIES = (
    ("proration", "bill_cycle_day", "proration_ratio"),
    ("proration", "old", "proration_change"),
    ("proration", "new", "proration_change"),
    ("proration", "changed", "proration_mixed"),
    ("proration", "fee", "proration_amount"),
    ("grant", "grants", "grant_burndown_timeline"),
    ("wallet", "wallets", "wallet_drawdown"),
    ("coupon", "", "coupons"),
)
"""First word of a model, a key of its price, and the form that answers the like."""


@dataclass(frozen=True)
class Outcome:
    """What came of a case: passed or failed, and why."""

    case_id: str
    verdict: str
    why: str = ""


def answers(case: Mapping[str, Any]) -> dict[str, Figures]:
    """Return the figures of a case by path."""
    name = _named(case)
    if name in _BOTH:
        return _BOTH[name](case)
    form = _MINE.get(name, charges.answer)
    return {path: form(case, rate) for path, rate in PATHS.items()}


def _named(case: Mapping[str, Any]) -> str:
    """Return the form of a case: the longest its model begins with, else the one of its family that its price speaks of."""
    model, price = case["model"], case.get("price") or {}
    known = [name for name in (*_BOTH, *_MINE) if f"{model}_".startswith(f"{name}_")]
    family = (form for word, key, form in _FAMILIES if model.startswith(word) and (not key or key in price))
    return max(known, key=len, default="") or next(family, "")


def judge(case: Mapping[str, Any]) -> Outcome:
    """Run a case on both paths and compare every figure it prints."""
    try:
        found = answers(case)
    except Exception as error:  # a case that cannot be run is a failed case, whatever stopped it
        return Outcome(case["id"], "failed", f"{case['model']}: {type(error).__name__}: {error}")
    wrong = [f"{path}: {each}" for path in ("reference", "sql") for each in differences(case["expected"], found.get(path))]
    return Outcome(case["id"], "failed", f"{case['model']}: {'; '.join(wrong)}") if wrong else Outcome(case["id"], "passed")


def differences(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """Yield where figures differ from what is printed; a figure that is not there is a difference."""
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            where = f"{place}.{key}" if place else str(key)
            if not isinstance(found, Mapping) or key not in found:
                yield f"{where}: no figure"
            else:
                yield from differences(value, found[key], where)
    elif isinstance(expected, list):
        if not isinstance(found, list | tuple) or len(found) != len(expected):
            yield f"{place}: {expected} expected, {_shown(found)} found"
            return
        for at, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{place}[{at}]")
    elif not is_same(expected, found):
        yield f"{place}: {expected} expected, {_shown(found)} found"


def is_same(expected: Any, found: Any) -> bool:
    """Whether a figure is the printed one, at the printed decimals."""
    try:
        printed = Decimal(str(expected))
    except InvalidOperation:
        return str(expected) == str(found)
    if found is None:
        return False
    if isinstance(found, Amount):
        return found.is_printed_as(printed)
    value = Decimal(str(found))
    decimals = max(0, -int(printed.as_tuple().exponent))
    if decimals <= 2:
        decimals = 6
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) == printed


def _shown(found: Any) -> str:
    if isinstance(found, Amount):
        return f"{found.rounded:f} ({found.precise.normalize():f})"
    if isinstance(found, list | tuple):
        return f"[{', '.join(_shown(each) for each in found)}]"
    return f"{found:f}" if isinstance(found, Decimal) else str(found)
