"""The outlook: the fan with its layers, segments, customers and assumptions."""

from collections.abc import Iterable
from typing import Any

from growthring.charts import Axis, fan
from growthring.console.answers import caveats
from growthring.console.asked import link
from growthring.console.blocks import Block, Choice, Column, Drawing, Note, Table
from growthring.console.pages.forecast_answer import coverage_note, periods_of, since_published, within
from growthring.console.pages.forecast_asked import (
    asked_of,
    choices_of,
    grain_of,
    layer_switches,
    measure_word,
    of_scope,
    outlook_choices,
    proof,
    scope_of,
    views,
    whole,
)
from growthring.console.pages.forecast_terms import LAYERS
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.forecasting.published_views import published_list
from growthring.operations.forecasting.rows import ACCOUNT, AHEAD, NEW, SEGMENT, TOTAL
from growthring.operations.forecasting.views import rows_of


def ask(visit: Visit) -> Iterable[Block]:
    """Show the views, and what the forecast can be asked."""
    yield views(visit)
    yield outlook_choices(visit)
    yield layer_switches(visit)


def ahead(visit: Visit) -> Iterable[Block]:
    """Show the history, the forecast with its ranges, and the layers it is made of."""
    _ = visit.words
    found, grain = of_scope(visit), grain_of(visit.asked)
    about, rows = rows_of(found, "about")[0], periods_of(visit, found, grain)
    if not rows:
        yield Note(_("No {grain} ends within so few months.", grain=_(grain)), _("Choose more months ahead."), "empty")
        return
    moved = since_published(visit, found, grain)
    yield choices_of(visit, _beside_choice(visit, found))
    unit = about["unit"] if grain == "month" else about["unit_of_sums"]
    yield Drawing(_fan(visit, found, rows, moved, unit))
    yield _table(visit, rows, moved)
    yield from caveats(found)


def segments(visit: Visit) -> Iterable[Block]:
    """Show what each segment adds to the total."""
    _ = visit.words
    found = whole(visit)
    rows = [
        {
            **row,
            "label": {NEW: _("Customers to come"), TOTAL: _("Total")}.get(row["scope"]) or row["name"],
            "_inside": visit.asked.url(scope=f"{SEGMENT}:{row['name']}") + "#ahead" if row["scope"] == SEGMENT else "",
            "_proof": proof(visit, row="period", within=row["scope"], name=row["name"], length=AHEAD),
            "_tone": "total" if row["scope"] == TOTAL else "",
        }
        for row in sorted(rows_of(found, "period", view=AHEAD), key=lambda row: row["scope"] == TOTAL)
    ]
    columns = [
        Column("label", asked_of(visit.asked).by, "name", "_inside"),
        Column("before", _("As many months before"), "amount"),
        Column("amount", _("Months ahead"), "amount", "_proof"),
        Column("change_share", _("Change"), "share"),
        *_range_columns(visit),
    ]
    yield Table("segments", columns, rows, _("All {months} months ahead", months=asked_of(visit.asked).horizon), find=False)
    yield Note(
        _("Ranges of segments do not add up to that of the total: what one does by chance, others even out."), state="caveat"
    )


def accounts(visit: Visit) -> Iterable[Block]:
    """Show what is expected of accounts, the largest first."""
    _ = visit.words
    found, scope = whole(visit), scope_of(visit.asked)
    rows = [
        {
            **row,
            "_account": link("/account", id=row["account"]) if row["account"] else "",
            "_inside": visit.asked.url(scope=f"{ACCOUNT}:{row['account']}") + "#ahead" if row["account"] else "",
        }
        for row in rows_of(found, "account")
        if scope.kind != SEGMENT or row["segment"] == scope.name
    ]
    columns = [
        Column("name", _("Customer"), "name", "_account"),
        Column("segment", asked_of(visit.asked).by, "text"),
        Column("last_month", _("Last month"), "amount"),
        Column("amount", _("Months ahead"), "amount", "_inside"),
        *_range_columns(visit),
        *([Column("people", _("People's entries"), "amount")] if any(row["people"].strip("-0.") for row in rows) else []),
    ]
    yield Table("accounts", columns, rows, empty=_("No customer has a forecast."), page_size=15)
    yield from coverage_note(visit, found, ACCOUNT)


def assumptions(visit: Visit) -> Iterable[Block]:
    """Show what is assumed of each segment."""
    _ = visit.words
    columns = [
        Column("segment", asked_of(visit.asked).by, "name"),
        Column("months_ahead", _("Months ahead"), "count"),
        Column("survival", _("Still customers"), "share", "_proof"),
        Column("growth", _("Growth of those that stay"), "number"),
        Column("correction", _("Correction of sums"), "number"),
        Column("level_weight", _("Weight of the last month"), "share"),
    ]
    rows = [{**row, "_proof": proof(visit, row="assumption")} for row in rows_of(whole(visit), "assumption")]
    yield Table("assumptions", columns, rows, page_size=30, find=False)
    yield Note(
        _("Revenue lost with customers and revenue lost inside customers are two assumptions: the first is survival, the second "
          "is in the growth of those that stay."),
        state="caveat",
    )  # fmt: skip


def _beside_choice(visit: Visit, found: Answer) -> Choice:
    _ = visit.words
    options = [("nothing", _("Nothing"))]
    if any("people" in row for row in periods_of(visit, found, "month")):
        options.insert(0, ("without_people", _("Without people's entries")))
    if visit.ask(published_list, asked_of(visit.asked).measure):
        options.insert(0, ("published", _("The last published forecast")))
    return Choice("beside", _("Dashed beside it"), options, visit.asked.choice("beside", tuple(dict(options)), options[0][0]))


def _fan(visit: Visit, found: Answer, rows: list[dict[str, Any]], moved: Answer | None, unit: str) -> Any:  # noqa: ANN401 - a chart
    _ = visit.words
    choice = _beside_choice(visit, found)
    compared: list[dict[str, Any]] = []
    if choice.chosen == "published" and moved is not None:
        compared = [{"at": row["at"], "amount": row["published"]} for row in moved.rows if row.get("published") is not None]
        whole_ones = {row["at"] for row in rows if "known" not in row}
        compared = [row for row in compared if row["at"] in whole_ones]
    elif choice.chosen == "without_people":
        compared = [{"at": row["at"], "amount": row["without_people"]} for row in rows if "people" in row and "known" not in row]
    drawn = [
        {
            "at": row["at"],
            **{name: row.get(f"whole_{name}", row[name]) for name in ("amount", "low80", "high80", "low95", "high95")},
        }
        for row in rows
    ]
    scope, what = scope_of(visit.asked), measure_word(visit, asked_of(visit.asked).measure)
    label = rows_of(found, "about")[0]["label"] if scope.kind == ACCOUNT else scope.name
    named = _("{what} of {name}", what=what, name=label) if label else what
    return fan(
        rows_of(found, "past", view=grain_of(visit.asked), **within(visit)), drawn, at="at", value="amount",
        ranges=[(_("95 % range"), "low95", "high95"), (_("80 % range"), "low80", "high80")], axis=Axis(_(unit)),
        title=_("{what}: actual, expected, and the 80 % and 95 % ranges", what=named), words=(_("actual"), _("expected")),
        compared=compared, compared_word=dict(choice.options)[choice.chosen],
    )  # fmt: skip


def _table(visit: Visit, rows: list[dict[str, Any]], moved: Answer | None) -> Table:
    _ = visit.words
    scope = scope_of(visit.asked)
    then = {row["at"]: row for row in moved.rows if row["kind"] == "moved"} if moved is not None else {}
    told = [
        {
            **row,
            "published": then.get(row["at"], {}).get("published"),
            "_proof": proof(visit, row="period", within=scope.kind, name=scope.name, length=row["view"], at=row["at"]),
        }
        for row in rows
    ]
    there = [name for name in LAYERS if any(name in row for row in rows)]
    columns = [
        Column("at", _("Period"), "month"),
        *([Column("known", _("Over already"), "amount")] if any("known" in row for row in rows) else []),
        Column("amount", _("Expected"), "amount", "_proof"),
        *_range_columns(visit),
        *(Column(name, _(LAYERS[name]), "amount") for name in there),
        *([Column("published", _("Last published"), "amount")] if any(row["published"] for row in told) else []),
        Column("low95", _("95 % from"), "amount"),
        Column("high95", _("to"), "amount"),
    ]
    return Table("periods", columns, told, page_size=36, find=False)


def _range_columns(visit: Visit) -> list[Column]:
    return [Column("low80", visit.words("80 % from"), "amount"), Column("high80", visit.words("to"), "amount")]
