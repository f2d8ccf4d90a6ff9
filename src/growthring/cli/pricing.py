"""Commands about prices: books, bills, commitments, simulation."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from growthring.cli.options import HERE, AsJson, AsOf, ProjectFolder, Top, instant, number, on_day
from growthring.cli.output import print_answer, print_cards, print_json, print_table, say
from growthring.cli.progress import drawn
from growthring.kernel.errors import ConfigurationError

Account = Annotated[str, typer.Argument(help="The account's id.")]
Month = Annotated[
    str | None, typer.Option("--at", help="Month in which the billing period begins, such as 2013-05.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: growthring bills --by component --at 2013-05   ·   growthring bills --json")(bills)
    app.command(
        epilog="Example: growthring bill ACCOUNT --at 2013-05   (the same as growthring explain bill ACCOUNT --at 2013-05)"
    )(bill)
    app.command(epilog="Example: growthring corrections --billed 2014-01-05")(corrections)
    app.command(epilog="Example: growthring books   ·   growthring books --policies")(books)
    app.command(
        epilog="Example: growthring commitments   ·   growthring commitments ACCOUNT   ·   growthring commitments --stress 20"
    )(commitments)
    app.command(epilog="Example: growthring quote ACCOUNT --more 100 --budget 80 --against new.yaml")(quote)
    app.command(epilog="Example: growthring simulate --book new.yaml --by segment --elasticity -0.3")(simulate)


def bills(
    at: Month = None,
    by: Annotated[str, typer.Option("--by", help="month, component, book or account.")] = "month",
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show what the price books ask for: by month, component, book or account."""
    from growthring.operations.pricing.rating import bills as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(Project.open(project), at=at, by=by, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)


def bill(
    account: Account,
    at: Month = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Explain an account's bill line by line: tiers, quantities, prices, adjustments, and why."""
    from growthring.operations.pricing.bill import explain_bill
    from growthring.operations.project import Project

    with drawn() as progress:
        found = explain_bill(Project.open(project), account, at=at, as_of=instant(as_of), progress=progress)
    if as_json:
        print_json([each.as_dict() for each in found])
        return
    for each in found:
        share = each.share
        part = f", {share.active} of {share.whole} {share.unit}" if share.active != share.whole else ""
        say(f"{each.account_id}: {each.bill.amount} {each.bill.currency} for {each.period_start} to {each.period_end}{part}")
        say(f"  book {each.book} from {each.version}, read as {each.policy}; subscription {each.subscription_id}\n")
        print_table(each.rows())
        say(f"\n{each.so_far}" if each.so_far else "")


def corrections(
    billed: Annotated[str, typer.Option("--billed", help="Day on which bills were issued, YYYY-MM-DD.")],
    top: Top = 20,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show what late records, amendments and new prices change about periods that were billed already."""
    from dataclasses import replace

    from growthring.operations.pricing.rebilling import corrections as answer_of
    from growthring.operations.project import Project

    billed_at = instant(billed)
    assert billed_at is not None  # noqa: S101 - the option is required
    with drawn() as progress:
        answer = answer_of(Project.open(project), billed_at, progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_answer(replace(answer, rows=answer.rows[:top] if top else answer.rows))
        if top and len(answer.rows) > top:
            say(f"\n{len(answer.rows) - top:,} more; --top 0 lists all.")


def books(
    policies: Annotated[bool, typer.Option("--policies", help="List the rating policies instead.")] = False,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """List the price books of the project, or the rating policies a book can be read under."""
    from growthring.operations.pricing.price_books import list_books, list_rating_policies

    rows = list_rating_policies() if policies else list_books(project)
    if as_json:
        print_json(rows)
    else:
        print_table(rows)


def commitments(
    account: Annotated[
        str | None, typer.Argument(help="Show how this account's commitments burn down.", show_default=False)
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", help="Day of the look, YYYY-MM-DD; default: the day after the data.", show_default=False)
    ] = None,
    stress: Annotated[
        str | None,
        typer.Option("--stress", help="Percent by which usage falls: show what revenue is promised.", show_default=False),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="With --stress: the account attribute to split by.")] = "segment",
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show what customers still owe of their promises (RPO), how balances burn down, and how much revenue is promised."""
    from growthring.operations.pricing.commitments import account_commitments, promised_revenue
    from growthring.operations.pricing.commitments import commitments as answer_of
    from growthring.operations.project import Project

    opened, day, known = Project.open(project), on_day(on), instant(as_of)
    with drawn() as progress:
        if account:
            answer = account_commitments(opened, account, on=day, as_of=known, progress=progress)
        elif stress is not None:
            answer = promised_revenue(opened, number(stress) / 100, by=by, on=day, as_of=known, progress=progress)
        else:
            answer = answer_of(opened, on=day, as_of=known, progress=progress)
    if as_json:
        say(answer.as_json())
    elif account:
        print_cards(answer)
    else:
        print_answer(answer)


def simulate(
    book: Annotated[list[Path], typer.Option("--book", help="Price book to try; give it again to compare several.")],
    accounts: Annotated[
        list[str] | None, typer.Option("--accounts", help="Only these accounts; may be repeated.", show_default=False)
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="First month.", show_default=False)] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last month.", show_default=False)] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Attribute of accounts to split by; may be repeated.", show_default=False)
    ] = None,
    beyond: Annotated[
        list[str] | None,
        typer.Option("--beyond", help="Count bills that change by more than so many percent.", show_default=False),
    ] = None,
    choose: Annotated[
        str,
        typer.Option(
            "--choose", help="Customers take the cheapest plan: `period` (every month) or `whole` (once).", show_default=False
        ),
    ] = "",
    elasticity: Annotated[
        str | None,
        typer.Option(
            "--elasticity", help="Relative change of usage for a relative change of a bill, such as -0.3.", show_default=False
        ),
    ] = None,
    keep_until: Annotated[
        str | None, typer.Option("--keep-until", help="Accounts keep the old price until this day.", show_default=False)
    ] = None,
    yearly_cap: Annotated[
        str | None, typer.Option("--yearly-cap", help="A bill rises by at most so many percent a year.", show_default=False)
    ] = None,
    cost: Annotated[
        list[str] | None,
        typer.Option("--cost", help="METER=COST: what serving a unit costs; may be repeated.", show_default=False),
    ] = None,
    target_margin: Annotated[
        str | None, typer.Option("--target-margin", help="Margin to be met, in percent; needs --cost.", show_default=False)
    ] = None,
    baseline: Annotated[
        str, typer.Option("--baseline", help="bills of the books in force, or invoices: what was invoiced.")
    ] = "bills",
    top: Top = 10,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Rate all of history under other prices: revenue, winners and losers, bill shock, break-even, choice, migration."""
    from growthring.cli.simulation import print_simulation
    from growthring.operations.pricing.simulation import WhatIf, try_prices
    from growthring.operations.project import Project

    shares = tuple(number(each) for each in beyond) if beyond else WhatIf().beyond
    asked = WhatIf(
        since, until, tuple(accounts or ()), tuple(by or ()), shares, choose,
        number(elasticity) if elasticity else None, on_day(keep_until), number(yearly_cap) if yearly_cap else None,
        unit_costs(cost or []), number(target_margin) / 100 if target_margin else None, baseline,
    )  # fmt: skip
    with drawn() as progress:
        found = try_prices(Project.open(project), book, asked, progress=progress)
    if as_json:
        print_json(found.to_dict())
    else:
        print_simulation(found, top=top)


def unit_costs(given: list[str]) -> dict[str, Decimal] | None:
    """Read METER=COST pairs."""
    found = {}
    for each in given:
        meter, sign, cost = each.partition("=")
        if not sign:
            raise ConfigurationError(f"Not a unit cost: {each!r}.", valid="Write METER=COST, such as kwh=0.05.")
        found[meter] = number(cost)
    return found or None


def quote(
    account: Account,
    meter: Annotated[str, typer.Option("--meter", help="The meter; default: the one in use.", show_default=False)] = "",
    at: Month = None,
    more: Annotated[
        list[str] | None, typer.Option("--more", help="Price so many units more; may be repeated.", show_default=False)
    ] = None,
    budget: Annotated[str | None, typer.Option("--budget", help="What usage fits into this bill.", show_default=False)] = None,
    alert: Annotated[
        list[str] | None, typer.Option("--alert", help="Percent of the budget to be warned at.", show_default=False)
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option("--against", help="Compare with this price book, too.", show_default=False)
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show a price as the customer sees it: average and next unit, more usage, budget, break-even, the running bill."""
    from growthring.operations.pricing.quote import Asked
    from growthring.operations.pricing.quote import quote as answer_of
    from growthring.operations.project import Project

    alerts = tuple(number(each) / 100 for each in alert) if alert else Asked().alerts
    units, limit = tuple(map(number, more or ())), number(budget) if budget else None
    asked = Asked(meter, at, units, limit, tuple(against or ()), alerts)
    with drawn() as progress:
        answer = answer_of(Project.open(project), account, asked, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)
