"""What changed, in sentences: answer first, the money and the names in it, the evidence behind it."""

from decimal import Decimal
from typing import Any

from growthring.console.answers import evidence
from growthring.console.asked import link
from growthring.console.blocks import Statement, Tone
from growthring.console.terms import DRIVERS, MOVEMENT_NAMES, worded
from growthring.console.visit import Visit
from growthring.operations.answer import Answer

_NOTABLE = 0.02
"""Points of NDR that a group must move to be named."""
_PARTS = 3


def sentences(visit: Visit, changed: Answer, leaks: Answer) -> list[Statement]:
    """Say what changed, who did most of it, what became of retention, and which group keeps least.

    Args:
        visit: The visit.
        changed: What `what_changed` says.
        leaks: What `where_it_leaks` says.
    """
    return [_revenue(visit, changed), *_mover(visit, changed), *_retention(visit, changed), *_leak(visit, leaks)]


def asked_of(visit: Visit, **more: object) -> dict[str, object]:
    """Return the parameters of the page that its links hand on: the policy, and what is named."""
    return {"policy": visit.asked.get("policy"), **more}


def rows_of(found: Answer, kind: str) -> list[dict[str, Any]]:
    """Return the rows of a kind."""
    return [row for row in found.rows if row.get("kind") == kind]


def _revenue(visit: Visit, found: Answer) -> Statement:
    _ = visit.words
    start, end = found.at.split(" → ")
    change = Decimal(str(found.value))
    now = next(row["now"] for row in rows_of(found, "figure") if row["metric"] == "mrr")
    values = {
        "by": _.value(abs(change), "amount"), "now": _.value(now, "amount"), "unit": _(found.unit), "start": start, "end": end,
    }  # fmt: skip
    if change > 0:
        text = _("Recurring revenue rose by {by} to {now} {unit} from {start} to {end}.", **values)
    elif change < 0:
        text = _("Recurring revenue fell by {by} to {now} {unit} from {start} to {end}.", **values)
    else:
        text = _("Recurring revenue stayed at {now} {unit} from {start} to {end}.", **values)
    tone: Tone = "good" if change > 0 else "bad" if change < 0 else "plain"
    return Statement(text, evidence("what_changed", **asked_of(visit, at=end)), "; ".join(_parts(visit, found)), tone)


def _parts(visit: Visit, found: Answer) -> list[str]:
    """Name the largest movements with their money and how many customers they are."""
    _, names = visit.words, worded(MOVEMENT_NAMES, visit)
    moved = [row for row in rows_of(found, "step") if row["step"] not in ("start", "end")]
    moved.sort(key=lambda row: -abs(Decimal(row["amount"])))
    return [
        _(
            "{movement} {amount} ({count} customers)",
            movement=names.get(row["step"], row["step"]), amount=_.value(row["amount"], "amount"), count=row["customers"],
        )
        for row in moved[:_PARTS]
    ]  # fmt: skip


def _mover(visit: Visit, found: Answer) -> list[Statement]:
    _, names, drivers = visit.words, worded(MOVEMENT_NAMES, visit), worded(DRIVERS, visit)
    customers = rows_of(found, "customer")
    if not customers:
        return []
    first = max(customers, key=lambda row: abs(Decimal(row["amount"])))
    size = Decimal(first["amount"])
    values = {
        "name": first["name"] or first["customer"], "amount": _.value(abs(size), "amount"),
        "movement": names.get(first["movement"], first["movement"]),
    }  # fmt: skip
    if size < 0:
        text = _("{name} took away most: {amount} ({movement}).", **values)
    else:
        text = _("{name} brought most: {amount} ({movement}).", **values)
    detail = _("By {driver}.", driver=drivers.get(first["driver"], first["driver"])) if first["driver"] else ""
    start, end = found.at.split(" → ")
    entries = link("/revenue", **asked_of(visit, customer=first["customer"], at=end), **{"from": start})
    page = link("/account", id=first["customer"])
    return [Statement(text, entries, detail, "bad" if size < 0 else "good", _("Everything about this customer"), page)]


def _retention(visit: Visit, found: Answer) -> list[Statement]:
    _ = visit.words
    by_name = {row["metric"]: row for row in rows_of(found, "figure")}
    ndr, grr = by_name["ndr"], by_name["grr"]
    if ndr["now"] is None or ndr["before"] is None:
        return []
    values = {"before": _.value(ndr["before"], "share"), "now": _.value(ndr["now"], "share"), "policy": found.policy["name"]}
    rose = ndr["now"] >= ndr["before"]
    if rose:
        text = _("NDR rose from {before} to {now} under policy {policy}.", **values)
    else:
        text = _("NDR fell from {before} to {now} under policy {policy}.", **values)
    detail = _("GRR is {now}; it was {before}.", now=_.value(grr["now"], "share"), before=_.value(grr["before"], "share"))
    proof = evidence("explain", **asked_of(visit, metric="ndr", at=found.at.split(" → ")[1]))
    return [Statement(text, proof, detail, "good" if rose else "bad")]


def _leak(visit: Visit, found: Answer) -> list[Statement]:
    """Name the group that pulls NDR down most, where it is worth naming."""
    _ = visit.words
    losing = [row for row in found.rows if row["effect"] <= -_NOTABLE]
    if not losing:
        return []
    row = losing[0]
    values = {
        "group": row["group"], "attribute": row["attribute"], "ndr": _.value(row["ndr"], "share"),
        "others": _.value(row["others_ndr"], "share"), "points": _.value(-row["effect"], "points").lstrip("+"),
        "new": _.value(row["new_in_12_months"], "amount"),
    }  # fmt: skip
    text = _("{group} ({attribute}) keeps {ndr} of its revenue after a year, the others {others}.", **values)
    if _brings_most(row, found):
        detail = _("It also brings the most new revenue: {new} in twelve months. It costs {points} points of NDR.", **values)
    else:
        detail = _("It costs {points} points of NDR.", **values)
    here = link("/revenue", **asked_of(visit, of_metric="ndr", by=row["attribute"], group=row["group"], at=found.at))
    return [
        Statement(text, evidence("where_it_leaks", **asked_of(visit, at=found.at)), detail, "warn", _("See its customers"), here)
    ]


def _brings_most(row: dict[str, Any], found: Answer) -> bool:
    new = [Decimal(each["new_in_12_months"]) for each in found.rows if each["attribute"] == row["attribute"]]
    return Decimal(row["new_in_12_months"]) == max(new) > 0
