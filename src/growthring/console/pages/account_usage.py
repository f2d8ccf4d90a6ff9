"""Usage of a customer by meter: month by month, or day by day over the last three months."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from growthring.charts import Axis, lines
from growthring.console.answers import evidence
from growthring.console.blocks import (
    Block,
    Choice,
    Choices,
    Column,
    Drawing,
    Note,
    Statement,
    Statements,
    Switch,
    Switches,
    Table,
)
from growthring.console.pages.account_chosen import account_of, spoken
from growthring.console.visit import Visit
from growthring.operations.accounts.usage import account_usage, account_usage_days
from growthring.operations.answer import Answer

_NOTABLE = 0.2


def usage_of(visit: Visit) -> Answer:
    """Answer usage by meter and month: parameter ``id``."""
    found: Answer = visit.ask(account_usage, account_of(visit))
    return found


def days_of(visit: Visit) -> Answer:
    """Answer usage of a meter by day: parameters ``id`` and ``meter``."""
    found: Answer = visit.ask(account_usage_days, account_of(visit), visit.asked.get("meter"))
    return found


def usage(visit: Visit) -> Iterable[Block]:
    """Show what was used, a meter at a time, with its growth."""
    _ = visit.words
    found = usage_of(visit)
    meters = sorted({row["meter"] for row in found.rows})
    if not meters:
        yield Note(
            _("No usage of this customer is recorded."),
            _("Usage is read from records of meters; a customer without them pays for seats or flat fees alone."), "empty",
        )  # fmt: skip
        return
    whole = [row for row in found.rows if not row["is_partial"]]
    latest = [row for meter in meters for row in [each for each in whole if each["meter"] == meter][-1:]]
    yield Statements([_grown(visit, row) for row in latest])
    chosen = visit.asked.choice("meter", tuple(meters), meters[0])
    if len(meters) > 1:
        yield _choice(visit, meters, chosen)
    days = visit.ask(account_usage_days, account_of(visit), chosen)
    yield from _shown(visit, chosen, [row for row in found.rows if row["meter"] == chosen], days)


def _choice(visit: Visit, meters: Sequence[str], chosen: str) -> Choices:
    keep = {name: value for name, value in visit.asked.params.items() if name != "meter"}
    return Choices(
        [Choice("meter", visit.words("Meter"), [(meter, spoken(meter)) for meter in meters], chosen)], keep, "/account#usage"
    )


def _shown(visit: Visit, meter: str, months: Sequence[Mapping[str, Any]], days: Answer) -> Iterable[Block]:
    _ = visit.words
    by_day = bool(days.rows) and visit.asked.get("grain") == "day"
    if days.rows:
        yield Switches(
            [Switch(_("By month"), visit.asked.url(grain=None) + "#usage", not by_day),
             Switch(_("By day, three months"), visit.asked.url(grain="day") + "#usage", by_day)],
            _("Usage by"), views=True,
        )  # fmt: skip
    title = _("{meter} by day", meter=spoken(meter)) if by_day else _("{meter} by month", meter=spoken(meter))
    rows = days.rows if by_day else months
    yield Drawing(lines(rows, at="at", value="quantity", axis=Axis(spoken(meter), "count"), title=title, zero=True))
    yield _days_table(visit, meter, days) if by_day else _months_table(visit, months)


def _months_table(visit: Visit, months: Sequence[Mapping[str, Any]]) -> Table:
    _ = visit.words
    proof = evidence("account_usage", id=account_of(visit))
    rows = [
        {**row, "label": _("{month} (so far)", month=row["at"]) if row["is_partial"] else row["at"], "_proof": proof}
        for row in reversed(months)
    ]
    columns = [
        Column("label", _("Month"), "month"),
        Column("quantity", _("Used"), "number", "_proof"),
        Column("change", _("To the month before"), "share", "_proof"),
        Column("change_year", _("To the year before"), "share", "_proof"),
        Column("counted", _("Counted by"), words={"rated": _("its price book"), "recorded": _("its records")}),
    ]
    return Table("usage", columns, rows, page_size=6, find=False)


def _days_table(visit: Visit, meter: str, days: Answer) -> Table:
    _ = visit.words
    proof = evidence("account_usage_days", id=account_of(visit), meter=meter)
    columns = [
        Column("at", _("Day"), "month"),
        Column("quantity", _("Used"), "number", "_proof"),
        Column("records", _("Records"), "count", "_proof"),
    ]
    rows = [{**row, "_proof": proof} for row in reversed(days.rows)]
    return Table("usage_days", columns, rows, page_size=7, find=False)


def _grown(visit: Visit, row: Mapping[str, Any]) -> Statement:
    """Say what was used of a meter, and how that compares with the month and the year before."""
    _ = visit.words
    quantity = _.value(row["quantity"], "number")
    text = _("{quantity} {meter} in {month}.", quantity=quantity, meter=spoken(row["meter"]), month=row["at"])
    compared = [
        _("{change} to the month before", change=_signed(visit, row["change"])) if row["change"] is not None else "",
        _("{change} to the year before", change=_signed(visit, row["change_year"])) if row["change_year"] is not None else "",
    ]
    fell = row["change"] is not None and row["change"] <= -_NOTABLE
    rose = row["change"] is not None and row["change"] >= _NOTABLE
    tone: Any = "bad" if fell else "good" if rose else "plain"
    return Statement(text, evidence("account_usage", id=account_of(visit)), " · ".join(filter(None, compared)), tone)


def _signed(visit: Visit, change: float) -> str:
    return ("+" if change >= 0 else "") + visit.words.value(change, "share")
