"""Pricing: how hard bills change, whom it helps and whom it hurts."""

from collections.abc import Iterable, Mapping
from typing import Any

from growthring.charts import Axis, histogram
from growthring.console.asked import link
from growthring.console.blocks import Block, Choice, Choices, Column, Drawing, Note, Table
from growthring.console.pages.pricing_trial import CHANGES, LOOKS, evidence_of
from growthring.console.visit import Visit
from growthring.operations.answer import Answer

Row = Mapping[str, Any]
_BEYOND = ("5", "10", "25", "50")


def rows_of(found: Answer, kind: str) -> list[dict[str, Any]]:
    """Return the rows of a kind."""
    return [row for row in found.rows if row["kind"] == kind]


def proven(visit: Visit, found: Answer, kind: str) -> list[dict[str, Any]]:
    """Return the rows of a kind, each with where its Answer is."""
    return [{**row, "_proof": evidence_of(visit)} for row in rows_of(found, kind)]


def shock(visit: Visit, found: Answer) -> Iterable[Block]:
    """Draw how hard bills change."""
    _, chosen = visit.words, chosen_beyond(visit)
    options = [(each, f"± {each} %") for each in _BEYOND]
    yield Choices(
        [Choice("beyond", _("Mark changes beyond"), options, chosen)],
        {name: visit.asked.get(name) for name in (*CHANGES, *LOOKS, "run") if name != "beyond"},
    )
    bins = [{**row, "bin": _bin(visit, row)} for row in rows_of(found, "shock_account")]
    marked = [
        row["bin"]
        for row in bins
        if ((row["up_to"] is None or row["up_to"] > int(chosen)) and (row["over"] or 0) >= int(chosen))
        or (row["up_to"] is not None and row["up_to"] <= -int(chosen))
    ]
    title = _("Bill shock: customers by change of their bill; beyond ± {percent} % marked", percent=chosen)
    yield Drawing(histogram(bins, bin_name="bin", count="bills", axis=Axis(_("customers"), "count"), title=title, marked=marked))
    columns = [
        Column("percent", _("Beyond ± %"), "number"),
        Column("up", _("Pay more"), "count"),
        Column("down", _("Pay less"), "count"),
        Column("at_risk", _("Revenue at risk, {currency}", currency=found.unit), "amount", "_proof"),
    ]
    yield Table("result-beyond", columns, proven(visit, found, "beyond_account"), _("Customers beyond a change"), find=False)
    yield Note(_("Bills are rounded to the cent: prices 10 % higher make some of them rise by a little more than 10 %."))
    spread = [
        Column("cohort", _("Customers"), "name", words=_cohorts(visit)),
        Column("accounts", _("Number"), "count"),
        *sides(visit, found.unit),
    ]
    yield Table("result-cohorts", spread, proven(visit, found, "cohort"), _("What happens to whom"), find=False)


def chosen_beyond(visit: Visit) -> str:
    """Return the share in percent beyond which changes are marked."""
    return visit.asked.choice("beyond", _BEYOND, "10")


def beyond_row(visit: Visit, found: Answer) -> Row:
    """Return how many customers are beyond the chosen share."""
    return next(row for row in rows_of(found, "beyond_account") if row["percent"] == chosen_beyond(visit))


def _bin(visit: Visit, row: Row) -> str:
    _, over, up_to = visit.words, row["over"], row["up_to"]
    if over is None:
        return f"≤ {up_to} %"
    return f"> {over} %" if up_to is None else _("{low} to {high} %", low=over, high=up_to)


def _cohorts(visit: Visit) -> dict[str, str]:
    _ = visit.words
    return {
        "pays less": _("pays less"),
        "pays the same": _("pays the same"),
        "pays up to 5 % more": _("pays up to 5 % more"),
        "pays 5 to 10 % more": _("pays 5 to 10 % more"),
        "pays 10 to 25 % more": _("pays 10 to 25 % more"),
        "pays 25 to 50 % more": _("pays 25 to 50 % more"),
        "pays more than 50 % more": _("pays more than 50 % more"),
        "paid nothing before": _("paid nothing before"),
    }


class _Linked(dict[str, Any]):
    """A row that knows where its customer is; the address is made when it is shown."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - any cell
        return link("/account", id=self["account"]) if key == "_href" else super().get(key, default)

    def __missing__(self, key: str) -> Any:  # noqa: ANN401 - any cell
        return self.get(key)


def winners_and_losers(visit: Visit, found: Answer) -> Iterable[Block]:
    """List who pays more and who pays less, the largest change first."""
    _, limit, proof = visit.words, int(chosen_beyond(visit)) / 100, evidence_of(visit)
    columns = [Column("customer", _("Customer"), "name", href="_href"), *sides(visit)]
    told = (("up", "losers", _("{count} customers pay more")), ("down", "winners", _("{count} customers pay less")))
    for direction, name, title in told:
        mine = [row for row in found.rows if row.get("direction") == direction]
        rows = [_Linked(row, _proof=proof, _tone="bad" if (row["relative"] or 0) > limit else "") for row in mine]
        empty = _("Nobody pays more.") if direction == "up" else _("Nobody pays less.")
        yield Table(f"result-{name}", columns, rows, title.format(count=_.value(len(rows), "count")), empty, page_size=15)


def sides(visit: Visit, unit: str = "") -> list[Column]:
    """Return the columns of what was billed and would have been; amounts of one currency name it once, in the headings."""
    _ = visit.words
    labels = [_("Billed"), _("Under these prices"), _("Change")]
    amounts = [
        Column(name, f"{label}, {unit}" if unit else label, "amount", "_proof" if name == "change" else "")
        for name, label in zip(("before", "after", "change"), labels, strict=True)
    ]
    currency = [] if unit else [Column("currency", _("Currency"))]
    return [*currency, *amounts, Column("relative", _("Change in %"), "share")]
