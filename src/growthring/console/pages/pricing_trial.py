"""Pricing: which prices are tried, and on whom; chosen, and all of it in the URL."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from growthring.console.answers import evidence
from growthring.console.asked import Asked
from growthring.console.blocks import Block, Choice, Choices, Column, Form, Input, Note, Statement, Statements, Table
from growthring.console.visit import Visit
from growthring.operations.pricing.price_changes import PriceChange
from growthring.operations.pricing.price_drafts import list_drafts
from growthring.operations.pricing.price_lines import price_lines
from growthring.operations.pricing.price_trial import Trial, changed_lines, trial_attributes, tried_yaml
from growthring.pricing.book import PriceBook

PERCENTS = ("-50", "-20", "-10", "-5", "0", "5", "10", "20", "50", "100")
INCLUDED = ("", "0", "100", "1000", "10000", "100000", "1000000")
MONTHS = ("3", "6", "12", "24", "0")
ELASTICITIES = ("", "-0.1", "-0.3", "-0.5", "-1", "-1.5")
CHANGES = ("book", "draft", "component", "use", "fees", "included", "who")
LOOKS = ("months", "only", "by", "elasticity", "choice", "beyond")


def trial_of(asked: Asked) -> Trial:
    """Return what a URL asks to try."""
    included = asked.choice("included", INCLUDED, "")
    change = PriceChange(
        asked.get("component"),
        Decimal(asked.choice("use", PERCENTS, "0")),
        Decimal(asked.choice("fees", PERCENTS, "0")),
        Decimal(included) if included else None,
        everyone=asked.get("who") == "everyone",
    )
    attribute, _, value = asked.get("only").partition("=")
    elasticity = asked.choice("elasticity", ELASTICITIES, "")
    return Trial(
        asked.get("book"),
        asked.get("draft"),
        change,
        int(asked.choice("months", MONTHS, "12")),
        (attribute, value),
        asked.get("by"),
        Decimal(elasticity) if elasticity else None,
        asked.choice("choice", ("period", "whole"), ""),
    )


def evidence_of(visit: Visit) -> str:
    """Return where the Answer of this trial is."""
    return evidence("simulation", **{name: visit.asked.get(name) for name in (*CHANGES, *LOOKS)})


def tries_something(trial: Trial) -> bool:
    """Whether a trial differs from the prices in force."""
    return bool(trial.draft) or trial.change != PriceChange(trial.change.component)


def whatif(visit: Visit) -> Iterable[Block]:
    """Offer the prices to try, show them beside those in force, and lead to what they would have done."""
    _ = visit.words
    trial = trial_of(visit.asked)
    books = visit.project.price_books[0]
    if not books:
        yield Note(_("There are no price books yet."), _("Add a YAML file to price_books/ and run growthring run."))
        return
    yield what_changes(visit, trial, books)
    if not tries_something(trial):
        yield Note(_("Choose a change, and the new prices stand here beside those in force."))
    else:
        yield tried_prices(visit, trial)
        yield whom(visit)
        yield go(visit, trial)
    yield from drafting(visit, trial)


def what_changes(visit: Visit, trial: Trial, books: Sequence[PriceBook]) -> Choices:
    """Offer what to change about which book."""
    _, asked = visit.words, visit.asked
    drafts = [
        (each["draft"], _("Draft: {book}, {at}", book=each["book"], at=each["kept_at"]))
        for each in visit.ask(list_drafts, live=True)
        if not each["wrong"]
    ]
    book = next((each for each in books if each.name == trial.book), books[0])
    found = [Choice("book", _("Price book"), [(each.name, each.title or each.name) for each in books], book.name)]
    if drafts:
        found.append(Choice("draft", _("Or a draft"), [("", _("none")), *drafts], trial.draft))
    if not trial.draft:
        found += _adjustments(visit, trial, book)
    return Choices(found, {name: asked.get(name) for name in LOOKS})


def _adjustments(visit: Visit, trial: Trial, book: PriceBook) -> list[Choice]:
    _, asked, components = visit.words, visit.asked, book.versions[-1].components
    percents = [(each, _("as they are") if each == "0" else f"{int(each):+d} %") for each in PERCENTS]
    units = [("", _("as they are")), *((each, _("{count} free", count=_.value(each, "count"))) for each in INCLUDED[1:])]
    every = [("", _("every component")), *((each.id, each.name or each.id) for each in components)]
    found = [Choice("component", _("Component"), every, trial.change.component)]
    if any(each.meter for each in components):
        found.append(Choice("use", _("Prices of use"), percents, asked.choice("use", PERCENTS, "0")))
        found.append(Choice("included", _("Included units"), units, asked.choice("included", INCLUDED, "")))
    if any(each["fee"] for each in visit.ask(price_lines) if each["book"] == book.name):
        found.append(Choice("fees", _("Fees"), percents, asked.choice("fees", PERCENTS, "0")))
    who = [("", _("those who are on it")), ("everyone", _("everybody"))]
    return [*found, Choice("who", _("Billed under it"), who, asked.get("who"))]


def whom(visit: Visit) -> Choices:
    """Offer whose bills to look at, over which months, and how customers behave."""
    _, asked = visit.words, visit.asked
    attributes: Mapping[str, Sequence[str]] = visit.ask(trial_attributes)
    months = [(each, _("all months") if each == "0" else _("last {count} months", count=each)) for each in MONTHS]
    only = [(f"{name}={value}", f"{_(name)}: {value}") for name, values in attributes.items() for value in values]
    elastic = [(each, _("as it was") if not each else _("{change} % for each 1 % more", change=each)) for each in ELASTICITIES]
    choosing = [
        ("", _("stay where they are")),
        ("period", _("take the cheapest each month")),
        ("whole", _("take the cheapest once")),
    ]
    return Choices(
        [
            Choice("months", _("Months"), months, asked.choice("months", MONTHS, "12")),
            Choice("only", _("Customers"), [("", _("all")), *only], asked.get("only")),
            Choice("by", _("Split by"), [("", _("nothing")), *((name, _(name)) for name in attributes)], asked.get("by")),
            Choice("elasticity", _("Use"), elastic, asked.choice("elasticity", ELASTICITIES, "")),
            Choice("choice", _("Plans"), choosing, asked.get("choice")),
        ],
        {name: asked.get(name) for name in (*CHANGES, "run", "beyond")},
    )


def tried_prices(visit: Visit, trial: Trial) -> Table:
    """Show the prices that are tried beside those in force."""
    return prices_table(visit, visit.ask(changed_lines, trial), "tried", visit.words("Prices to try"), beside=True)


def prices_table(
    visit: Visit, lines: Sequence[Mapping[str, object]], name: str, title: str, *, beside: bool = False, apart: bool = True
) -> Table:
    """Show lines of prices; columns that nothing stands in are left out.

    Args:
        visit: The visit.
        lines: The lines.
        name: Name of the table.
        title: Above it.
        beside: Whether the prices in force stand beside.
        apart: Whether components are told apart.
    """
    _ = visit.words
    priced = (("unit_price", _("Unit price")), ("fee", _("Fee")), ("included", _("Included")))
    now = {"unit_price": _("Unit price now"), "fee": _("Fee now"), "included": _("Included now")}
    columns = [
        *([Column("name", _("Component"), "name")] if apart else []),
        Column("currency", _("Currency")),
        Column("when", _("Where"), "name"),
        Column("over", _("Over"), "number"),
        Column("up_to", _("Up to"), "number"),
        Column("per", _("For units"), "number"),
    ]
    for key, label in priced:
        columns += [Column(f"{key}_now", now[key], "number")] if beside else []
        columns.append(Column(key, label, "number"))
    nothing = {"when": (None, ""), "per": (None, "1"), "included": (None, "0"), "included_now": (None, "0")}
    free = {line.get("included") for line in lines} | {line.get("included_now") for line in lines if beside}
    shown = [
        column
        for column in columns
        if any(line.get(column.name) not in nothing.get(column.name, (None,)) for line in lines)
        or (column.name.startswith("included") and free - {None, "0"})
    ]
    return Table(name, shown, lines, title, find=len(lines) > 20)


def go(visit: Visit, trial: Trial) -> Statements:
    """Say what will be tried, and lead to it."""
    _, asked = visit.words, visit.asked
    lead = "" if asked.get("run") else _("See what it would have done")
    return Statements(
        [Statement(in_words(visit, trial), action=lead, action_href=asked.url(run="1") + "#result" if lead else "")]
    )


def in_words(visit: Visit, trial: Trial) -> str:
    """Say a trial in a sentence."""
    _, change = visit.words, trial.change
    if trial.draft:
        return _("The draft is tried as it stands.")
    told = []
    if change.use:
        told.append(_("prices of use {percent} %", percent=f"{change.use:+f}"))
    if change.fees:
        told.append(_("fees {percent} %", percent=f"{change.fees:+f}"))
    if change.included is not None:
        told.append(_("{count} units included", count=_.value(str(change.included), "count")))
    if change.everyone:
        told.append(_("for everybody, whatever they are billed under now"))
    return _("Tried: {what}.", what=", ".join(told))


def drafting(visit: Visit, trial: Trial) -> Iterable[Block]:
    """Offer to keep the prices as a draft, or to write others."""
    _ = visit.words
    if tries_something(trial) and not trial.draft:
        hidden = [Input(name, type="hidden", value=visit.asked.get(name)) for name in CHANGES if visit.asked.get(name)]
        yield Form("keep_prices", _("Keep these prices as a draft"), hidden, _("Check it"), visit.asked.url())
    text = visit.ask(tried_yaml, trial)
    hint = _("A book whose name is one of the project's is for who is on it; under any other name, for everybody.")
    given = Input("text", _("Price book as YAML"), "textarea", value=text, required=True, hint=hint)
    yield Form("write_prices", _("Write prices that cannot be chosen here"), [given], _("Check it"), visit.asked.url())
