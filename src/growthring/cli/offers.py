"""Commands about offers, trials, the free tier and revenue by type."""

from typing import TYPE_CHECKING, Annotated

import typer

from growthring.cli.options import HERE, AsJson, AsOf, ProjectFolder, Top, instant, number
from growthring.cli.output import print_answer, print_caveats, print_table, say
from growthring.cli.pricing import unit_costs
from growthring.cli.progress import drawn

if TYPE_CHECKING:
    from growthring.operations.answer import Answer

_TITLES = {
    "price": "Prices asked, for a year",
    "advice": "Next step",
    "waterfall": "Asked, from list to net",
    "won": "Won, from list to net",
    "lift": "What it does to the win rate",
    "term": "Terms",
    "review": "By segment",
    "run": "Runs of deals",
    "beyond": "Discounts beyond the quota",
    "finding": "Against a rule",
    "day": "By day of the trial",
    "segment": "By segment",
    "length": "Suggested length",
    "extension": "Extensions",
    "rep": "Extension requests by rep",
    "cohort": "Free accounts by the month they began",
    "limit": "What a monthly limit would cut",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: growthring offers --by rep   ·   growthring offers --quota --allowed 2 --small-below 5000")(
        offers
    )
    app.command(epilog="Example: growthring trials   ·   growthring trials --by segment --peak-share 20")(trials)
    app.command("free-tier", epilog="Example: growthring free-tier --cost calls=0.0004")(free_tier)
    app.command("revenue-types", epilog="Example: growthring revenue-types --json")(revenue_types)


def offers(
    by: Annotated[str, typer.Option("--by", help="price, rep, manager, term or segment.")] = "price",
    segments: Annotated[bool, typer.Option("--segments", help="With --by price: judge each segment by itself.")] = False,
    unit_cost: Annotated[
        str | None, typer.Option("--unit-cost", help="With --by price: what a year of it costs to serve.", show_default=False)
    ] = None,
    quota: Annotated[bool, typer.Option("--quota", help="Count discounts in runs of deals per manager instead.")] = False,
    allowed: Annotated[int, typer.Option("--allowed", help="With --quota: deals of a run that may have a discount.")] = 2,
    run_deals: Annotated[int, typer.Option("--run-deals", help="With --quota: consecutive won deals of a run.")] = 10,
    small_below: Annotated[
        str | None,
        typer.Option(
            "--small-below", help="With --quota: any discount on a smaller yearly list price is a finding.", show_default=False
        ),
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Judge the price level of segments by win rate and NDR instead.")
    ] = False,
    every: Annotated[int, typer.Option("--every", min=1, help="With --review: months until the next one.")] = 6,
    top: Top = 20,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show prices asked and won, discounts and what they do, the discount quota, contract terms."""
    from growthring.operations.offers.discounts import discount_quota, discounts
    from growthring.operations.offers.prices import price_points, price_review
    from growthring.operations.offers.terms import contract_terms
    from growthring.operations.project import Project

    opened, known = Project.open(project), instant(as_of)
    if quota:
        below = number(small_below) if small_below is not None else None
        answer = discount_quota(opened, allowed=allowed, run_deals=run_deals, small_below=below, as_of=known)
    elif review:
        with drawn() as progress:
            answer = price_review(opened, every_months=every, as_of=known, progress=progress)
    elif by == "price":
        cost = number(unit_cost) if unit_cost is not None else None
        answer = price_points(opened, by_segment=segments, unit_cost=cost, as_of=known)
    elif by == "term":
        answer = contract_terms(opened, as_of=known)
    else:
        answer = discounts(opened, by, as_of=known)
    _print(answer, as_json=as_json, top=top)


def trials(
    by: Annotated[str, typer.Option("--by", help="day or segment.")] = "day",
    peak_share: Annotated[
        str, typer.Option("--peak-share", help="Percent of the best week's conversion below which waiting is not worth it.")
    ] = "25",
    top: Top = 0,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show when trials convert, how long a trial should be, and what extensions bring."""
    from growthring.operations.offers.trials import trials as answer_of
    from growthring.operations.project import Project

    answer = answer_of(Project.open(project), by, peak_share=number(peak_share) / 100, as_of=instant(as_of))
    _print(answer, as_json=as_json, top=top)


def free_tier(
    cost: Annotated[
        list[str] | None,
        typer.Option("--cost", help="METER=COST: what serving a unit costs; may be repeated.", show_default=False),
    ] = None,
    top: Top = 0,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show what the free tier costs by cohort, whom it converts, when it pays back, and what a limit would cut."""
    from growthring.operations.offers.free_tier import free_tier as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(Project.open(project), unit_costs(cost or []) or {}, as_of=instant(as_of), progress=progress)
    _print(answer, as_json=as_json, top=top)


def revenue_types(as_of: AsOf = None, as_json: AsJson = False, project: ProjectFolder = HERE) -> None:
    """Show how revenue splits into subscriptions, seats, usage and one-off, by month."""
    from growthring.operations.offers.revenue_types import revenue_types as answer_of
    from growthring.operations.project import Project

    answer = answer_of(Project.open(project), as_of=instant(as_of))
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)


def _print(answer: "Answer", *, as_json: bool, top: int) -> None:
    """Print the figure, then each kind of rows under its title."""
    if as_json:
        say(answer.as_json())
        return
    print_answer(type(answer)(**(answer.as_dict() | {"rows": [], "caveats": []})))
    for kind, title in _TITLES.items():
        rows = [row for row in answer.rows if row.get("kind") == kind]
        if rows:
            say(f"\n{title}")
            print_table(rows[:top] if top else rows)
        if top and len(rows) > top:
            say(f"  {len(rows) - top:,} more: --top 0 lists them")
    print_caveats(answer)
