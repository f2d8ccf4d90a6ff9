"""Trials: when they convert, how long they should be, and what extensions bring (PR-18)."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.kernel.errors import UnknownValueError
from growthring.operations.answer import Answer
from growthring.operations.offers.books import OpenOffers, answered, nothing, open_offers
from growthring.operations.project import Project
from growthring.pricing.offers.chain import rows_of, trial_chain
from growthring.pricing.offers.trial_curve import suggest_length, trial_curve
from growthring.pricing.simulation.price_points import wilson


def trials(project: Project, by: str = "day", *, peak_share: Decimal = Decimal("0.25"), as_of: datetime | None = None) -> Answer:
    """Answer when trials convert, how long they should be, and what extensions bring (PR-18).

    Args:
        project: The project.
        by: day or segment.
        peak_share: Share of the best week's hazard below which waiting is not worth it.
        as_of: See only what was known then.

    Raises:
        UnknownValueError: Not a grouping.
    """
    if by not in ("day", "segment"):
        raise UnknownValueError("grouping of trials", by, ("day", "segment"))
    books = open_offers(project, as_of)
    chain = trial_chain(books.as_of, books.through)
    counts = rows_of(books.connection, chain, "trial_day")
    if not counts:
        return nothing(books, "trials", chain, "trial_day", "trial")
    curve = trial_curve(counts)
    advice = suggest_length(curve, float(peak_share))
    rows: list[dict[str, Any]] = []
    if by == "day":
        rows += [{"kind": "day"} | {field.name: getattr(each, field.name) for field in fields(each)} for each in curve]
    else:
        rows += _trial_rows(books, "segment")
    rows.append({"kind": "length"} | {field.name: getattr(advice, field.name) for field in fields(advice)})
    reps = _trial_rows(books, "rep")
    rows += _trial_rows(books, "extension") + reps
    running = sum(int(each["last_seen"]) for each in counts)
    words = f"{running:,} trials had neither converted nor been given up by {books.through}: they are censored then."
    caveats = [words] if running else []
    if any(row["rep"] == "(nobody)" and row["extension_requests"] for row in reps):
        caveats.append("Extensions without an owner were opened by nobody: map `rep`.")
    if advice.days is None:
        caveats.append(advice.reason)
    caveats.append("Extensions are granted to customers who ask: their conversion is no effect of the extension.")
    return answered(books, "trials", advice.days, "days, suggested length", rows, chain, "trial_day", caveats)


def _trial_rows(books: OpenOffers, kind: str) -> list[dict[str, Any]]:
    """Return trials and conversion by segment, by extension, or extension requests by rep."""
    chain = trial_chain(books.as_of, books.through, by="" if kind == "extension" else kind)
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for each in rows_of(books.connection, chain, "trial_group"):
        name = ("extended" if each["is_extended"] else "not extended") if kind == "extension" else each["group_value"]
        groups.setdefault(name, []).append(each)
    every = sum(int(each["trials"]) for rows in groups.values() for each in rows)
    return [_trial_row(kind, name, rows, every) for name, rows in sorted(groups.items())]


def _trial_row(kind: str, name: str, rows: Sequence[Mapping[str, Any]], every: int) -> dict[str, Any]:
    trials, over, converted = (sum(int(each[column]) for each in rows) for column in ("trials", "over_trials", "converted"))
    extended = [each for each in rows if each["is_extended"]]
    low, high = wilson(converted, over) if over else (None, None)
    row: dict[str, Any] = {
        "kind": kind, kind: name, "trials": trials, "over": over, "converted": converted,
        "conversion": converted / over if over else None, "low": low, "high": high,
    }  # fmt: skip
    if kind == "extension":
        return row | {"share_of_trials": trials / every}
    requests = sum(int(each["trials"]) for each in extended)
    return row | {
        "extension_requests": requests,
        "extension_share": requests / trials,
        "converted_after_extension": sum(int(each["converted"]) for each in extended),
    }
