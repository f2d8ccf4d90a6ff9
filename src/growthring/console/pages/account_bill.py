"""A customer's bill of a month line by line, and its price: average, next unit, what more would cost."""

from collections.abc import Iterable
from decimal import Decimal

from growthring.charts import Axis, Labels, lines
from growthring.console.answers import caveats, evidence
from growthring.console.blocks import Block, Choice, Choices, Column, Drawing, Figure, Figures, Note, Statement, Statements, Table
from growthring.console.pages.account_chosen import account_of, spoken
from growthring.console.visit import Visit
from growthring.operations.accounts.bills import account_bill, account_bills, account_budget
from growthring.operations.answer import Answer
from growthring.operations.pricing.quote import price_curve, priced_meters

_TOLD = (1.1, 1.25, 1.5)
_BUDGETS = ("0.8", "1", "1.1", "1.25", "1.5")


def bills_of(visit: Visit) -> Answer:
    """Answer which bills there are: parameter ``id``."""
    found: Answer = visit.ask(account_bills, account_of(visit))
    return found


def bill_of(visit: Visit) -> Answer:
    """Answer a bill line by line: parameters ``id`` and ``bill``, its month."""
    found: Answer = visit.ask(account_bill, account_of(visit), visit.asked.get("bill") or None)
    return found


def curve_of(visit: Visit) -> Answer:
    """Answer the price at shares of the usage: parameters ``id``, ``bill`` and ``priced``, the meter."""
    asked = visit.asked
    found: Answer = visit.ask(price_curve, account_of(visit), asked.get("priced"), asked.get("bill") or None)
    return found


def budget_of(visit: Visit) -> Answer:
    """Answer what a budget buys: parameters ``id``, ``bill``, ``priced`` and ``budget``, a share of the bill."""
    asked = visit.asked
    share = Decimal(asked.choice("budget", _BUDGETS, "1"))
    found: Answer = visit.ask(account_budget, account_of(visit), share, asked.get("priced"), asked.get("bill") or None)
    return found


def bill(visit: Visit) -> Iterable[Block]:
    """Show the bill of a chosen month, line by line."""
    _ = visit.words
    nothing = _without_bills(visit)
    if nothing:
        yield nothing
        return
    listed, found = bills_of(visit), bill_of(visit)
    options = [(row["at"], f"{row['at']} · {row['currency']} {_.value(row['amount'], 'amount')}") for row in listed.rows]
    keep = {name: value for name, value in visit.asked.params.items() if name != "bill"}
    yield Choices([Choice("bill", _("Bill of"), options, found.at)], keep, "/account#bill")
    proof = evidence("account_bill", id=account_of(visit), bill=found.at)
    book = _("price book {book}, version of {version}", book=found.policy["name"], version=found.policy["version"])
    yield Figures([Figure(_("Bill of {month}", month=found.at), found.value, "amount", found.unit, book, proof)])
    yield _lines(visit, found, proof)
    yield from caveats(found)


def price(visit: Visit) -> Iterable[Block]:
    """Show what a unit costs on average and at the margin, and what more usage would cost."""
    _ = visit.words
    if _without_bills(visit):
        yield Note(_("Without a bill there is no price to explain."), state="empty")
        return
    found, meters = curve_of(visit), visit.ask(priced_meters, account_of(visit), visit.asked.get("bill") or None)
    yield _price_choices(visit, meters)
    if found.rows:
        yield Statements(_told(visit, found))
        yield _drawing(visit, found)
        yield _curve(visit, found)
    yield from caveats(found)
    if visit.asked.get("budget"):
        yield from _budget(visit)


def _without_bills(visit: Visit) -> Note | None:
    _ = visit.words
    if not visit.project.price_books[0]:
        return Note(
            _("There are no price books, so no bill can be explained line by line."),
            _("A price book is a YAML file in price_books/; the page Pricing shows them."), "empty",
        )  # fmt: skip
    if not bills_of(visit).rows:
        return Note(
            _("No price book bills this customer."), _("Its contract names none, and no book assigns itself to it."), "empty"
        )
    return None


def _lines(visit: Visit, found: Answer, proof: str) -> Table:
    _ = visit.words
    rows = [
        {**row, "component": spoken(row["component"]), "_proof": proof, "_tone": "total" if row["component"] == "total" else ""}
        for row in found.rows
    ]
    columns = [
        *([Column("period", _("Subscription and period"), "name")] if rows and "period" in rows[0] else []),
        Column("component", _("Line"), "name", words={"whole bill": _("whole bill"), "total": _("total")}),
        Column("tier", _("Tier"), "count"),
        Column("quantity", _("Quantity"), "number", "_proof"),
        Column("unit_price", _("Unit price"), "number", "_proof"),
        Column("amount", _("Amount"), "amount", "_proof"),
        Column("currency", _("Currency")),
        Column("how", _("How it came about"), "long"),
    ]
    return Table("bill", columns, rows, page_size=40, find=False)


def _price_choices(visit: Visit, meters: tuple[str, ...]) -> Choices:
    _ = visit.words
    asked = visit.asked
    words = {"0.8": "-20 %", "1": _("this bill"), "1.1": "+10 %", "1.25": "+25 %", "1.5": "+50 %"}
    budgets = [("", _("none")), *((each, words[each]) for each in _BUDGETS)]
    choices = [Choice("budget", _("Budget a period"), budgets, asked.get("budget"))]
    if len(meters) > 1:
        options = [(meter, spoken(meter)) for meter in meters]
        choices.insert(0, Choice("priced", _("Meter"), options, asked.choice("priced", meters, meters[0])))
    keep = {name: value for name, value in asked.params.items() if name not in ("priced", "budget")}
    return Choices(choices, keep, "/account#price")


def _told(visit: Visit, found: Answer) -> list[Statement]:
    """Say the average and the marginal price, and what more would cost."""
    _ = visit.words
    proof = _proof(visit, found)
    now = next(row for row in found.rows if row["share"] == 1.0)
    values = {
        "currency": now["currency"], "quantity": _.value(now["quantity"], "number"), "meter": spoken(now["meter"]),
        "month": found.at,
        "average": _.value(now["average_price"], "number"), "marginal": _.value(now["marginal_price"], "number"),
    }  # fmt: skip
    text = _("In {month} a unit of {meter} cost {currency} {average} on average; the next one would cost {marginal}.", **values)
    more = [
        _("{share} more: {amount}", share=f"{round(row['share'] * 100 - 100)} %", amount=_.value(row["on_top"], "amount"))
        for row in found.rows
        if row["share"] in _TOLD
    ]
    on_top = _("What more usage would add to the bill, in {currency}: ", **values) + "; ".join(more) + "."
    return [Statement(text, proof, _("{quantity} {meter} were used, fees are included.", **values)), Statement(on_top, proof)]


def _drawing(visit: Visit, found: Answer) -> Drawing:
    _ = visit.words
    words = {"average_price": _("average price"), "marginal_price": _("price of the next unit")}
    rows = [
        {"at": f"{round(row['share'] * 100)} %", "line": name, "value": row[name]}
        for row in found.rows
        for name in words
        if row[name] is not None
    ]
    axis = Axis(_("{currency} for a unit", currency=found.unit), "price")
    title = _("Price of a unit by usage, as a share of that of {month}", month=found.at)
    return Drawing(lines(rows, at="at", value="value", axis=axis, title=title, group="line", labels=Labels(words), zero=True))


def _curve(visit: Visit, found: Answer) -> Table:
    _ = visit.words
    proof = _proof(visit, found)
    rows = [{**row, "_proof": proof, "_tone": "total" if row["share"] == 1.0 else ""} for row in found.rows]
    columns = [
        Column("share", _("Of the usage"), "share"),
        Column("quantity", _("Quantity"), "number", "_proof"),
        Column("amount", _("Bill"), "amount", "_proof"),
        Column("on_top", _("To this bill"), "amount", "_proof"),
        Column("average_price", _("Average price"), "number", "_proof"),
        Column("marginal_price", _("Next unit"), "number", "_proof"),
    ]
    return Table("price", columns, rows, _("The bill at other usage, {currency}", currency=found.unit), page_size=12, find=False)


def _budget(visit: Visit) -> Iterable[Block]:
    _ = visit.words
    found = budget_of(visit)
    words = {
        "budget": _("budget"), "plan": _("other price book"), "break_even": _("break-even"), "running": _("running period"),
        "alert": _("alert"),
    }  # fmt: skip
    columns = [
        Column("kind", _("About"), words=words),
        Column("what", _("What"), "name"),
        Column("value", _("Value"), "text", "_proof"),
        Column("how", _("How"), "long"),
    ]
    asked = visit.asked
    proof = evidence(
        "account_budget", id=account_of(visit), bill=asked.get("bill"), priced=asked.get("priced"), budget=asked.get("budget")
    )
    rows = [{**row, "_proof": proof} for row in found.rows]
    title = _("With a budget of {currency} {amount}", currency=found.unit, amount=_.value(found.value, "amount"))
    yield Table("budget", columns, rows, title, find=False)
    if not any(row["kind"] == "alert" for row in rows):
        yield Note(
            _("The data end with the billing period, so no running bill is projected and no alert is due."), state="caveat"
        )


def _proof(visit: Visit, found: Answer) -> str:
    return evidence("account_price", id=account_of(visit), bill=found.at, priced=visit.asked.get("priced"))
