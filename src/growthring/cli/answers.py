"""Commands that answer: show, explain, compare, metrics, policies, sql."""

from pathlib import Path
from typing import Annotated

import typer

from growthring.cli.options import (
    HERE,
    AsJson,
    AsOf,
    At,
    Currency,
    Dialect,
    Partial,
    PolicyName,
    ProjectFolder,
    SnapshotId,
    Top,
    instant,
)
from growthring.cli.output import print_answer, print_bridge, print_caveats, print_json, print_table, print_triangle, say
from growthring.cli.progress import drawn
from growthring.kernel.errors import ConfigurationError
from growthring.kernel.period import PeriodKind

MetricName = Annotated[str, typer.Argument(help="A metric; `growthring metrics` lists them.")]
Period = Annotated[PeriodKind, typer.Option("--period", help="Length of a period for movements, growth and series.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: growthring show ndr --at 2011-11 --by country   ·   growthring show movements --from 2011-01")(
        show
    )
    app.command(epilog="Example: growthring explain ndr --at 2011-11 --dialect snowflake   ·   growthring explain bill ACCOUNT")(
        explain
    )
    app.command(epilog="Example: growthring compare ndr --policy standard --policy lazy_bridge --at 2011-11")(compare)
    app.command(epilog="Example: growthring metrics --json")(metrics)
    app.command(epilog="Example: growthring policies   ·   growthring policies snowflake   ·   growthring policies --fields")(
        policies
    )
    app.command(epilog="Example: growthring sql recurring --dialect postgres   ·   growthring sql inputs --dialect postgres")(sql)


def show(
    metric: MetricName,
    at: At = None,
    since: Annotated[str | None, typer.Option("--from", help="First period of a series.", show_default=False)] = None,
    period: Period = PeriodKind.MONTH,
    by: Annotated[str, typer.Option("--by", help="Account attribute, product or product_family.", show_default=False)] = "",
    policy: PolicyName = None,
    currency: Currency = None,
    as_of: AsOf = None,
    include_partial: Partial = False,
    snapshot: SnapshotId = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show a metric: now, over time, or by an attribute."""
    from growthring.operations.project import Project
    from growthring.operations.revenue.show import View
    from growthring.operations.revenue.show import show as answer_of

    view = View(at, since, period, by, currency, instant(as_of), include_partial, snapshot)
    with drawn() as progress:
        answer = answer_of(Project.open(project), metric, view, policy=policy, progress=progress)
    if as_json:
        say(answer.as_json())
    elif metric.startswith("cohort_"):
        say(f"{answer.metric} up to {answer.at}\n  {answer.definition}")
        say(f"  policy {answer.policy['name']} ({answer.policy['version']}), snapshot {answer.snapshot}\n")
        print_triangle(answer)
        print_caveats(answer)
    else:
        print_answer(answer, bar=bool(since or by) and metric != "movements")


def explain(
    metric: Annotated[str, typer.Argument(help="A metric, or `bill`.")],
    account: Annotated[str | None, typer.Argument(help="With `bill`: the account's id.", show_default=False)] = None,
    at: At = None,
    policy: PolicyName = None,
    dialect: Dialect = "duckdb",
    currency: Currency = None,
    as_of: AsOf = None,
    include_partial: Partial = False,
    snapshot: SnapshotId = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Explain a figure: meaning, switches, SQL, row counts, the drivers and customers that moved it; or a bill, line by line."""
    if metric == "bill":
        _explain_bill(account, at, as_of, as_json, project)
        return
    from growthring.operations.project import Project
    from growthring.operations.revenue.explain import explain as answer_of
    from growthring.operations.revenue.show import View

    view = View(at=at, currency=currency, as_of=instant(as_of), include_partial=include_partial, snapshot=snapshot)
    with drawn() as progress:
        answer = answer_of(Project.open(project), metric, view, policy=policy, dialect=dialect, progress=progress)
    if as_json:
        say(answer.as_json())
        return
    rows, answer_head = answer.rows, answer.as_dict() | {"rows": [], "caveats": []}
    print_answer(type(answer)(**answer_head))
    for kind, title in (
        ("driver", "What moved it"),
        ("customer", "Who moved it most"),
        ("count", "Rows"),
        ("line", "Accepted invoice lines by kind"),
        ("switch", "Switches"),
    ):
        chosen = [row for row in rows if row.get("kind") == kind]
        if chosen:
            say(f"\n{title}")
            print_table(chosen)
    print_caveats(answer)
    say(f"\nSQL ({dialect})\n{answer.sql}")


def _explain_bill(account: str | None, at: str | None, as_of: str | None, as_json: bool, project: Path) -> None:
    from growthring.cli.pricing import bill

    if account is None:
        raise ConfigurationError("A bill belongs to an account.", valid="Write: growthring explain bill ACCOUNT --at 2013-05.")
    bill(account, at, as_of, as_json, project)


def compare(
    metric: MetricName,
    policy: Annotated[list[str], typer.Option("--policy", help="Give it twice: from, to.")],
    at: At = None,
    currency: Currency = None,
    as_of: AsOf = None,
    include_partial: Partial = False,
    snapshot: SnapshotId = None,
    top: Top = 20,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Bridge a figure from one policy to another: a row a customer and switch, summing to the gap."""
    from growthring.operations.project import Project
    from growthring.operations.revenue.compare import compare as answer_of
    from growthring.operations.revenue.show import View

    if len(policy) != 2:
        raise ConfigurationError(f"{len(policy)} policies were named.", valid="A bridge has two ends: --policy A --policy B.")
    view = View(at=at, currency=currency, as_of=instant(as_of), include_partial=include_partial, snapshot=snapshot)
    with drawn() as progress:
        answer = answer_of(Project.open(project), metric, policy[0], policy[1], view, top=top, progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_bridge(answer)


def metrics(as_json: AsJson = False) -> None:
    """List every metric with its definition."""
    from growthring.revenue.metrics import METRICS

    rows = [
        {
            "metric": each.name,
            "title": each.title,
            "chinese": each.chinese,
            "unit": each.unit.value,
            "definition": each.definition,
            "formula": each.formula,
        }
        for each in METRICS.values()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, columns=["metric", "title", "definition", "formula"])


def policies(
    name: Annotated[str | None, typer.Argument(help="Show one policy whole.", show_default=False)] = None,
    fields: Annotated[bool, typer.Option("--fields", help="List every field and its values.")] = False,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """List the policies: what each reproduces, its source, and what was inferred."""
    from growthring.operations.policies import describe_fields, describe_policy, list_policies

    if fields:
        rows = describe_fields()
    elif name:
        rows = describe_policy(project, name)
    else:
        rows = list_policies(project)
    if as_json:
        print_json(rows)
    else:
        print_table(rows)


def sql(
    relation: Annotated[str, typer.Argument(help="A metric, a relation such as recurring or movement, or `inputs`.")],
    at: At = None,
    policy: PolicyName = None,
    dialect: Dialect = "duckdb",
    project: ProjectFolder = HERE,
) -> None:
    """Print the SQL of a metric or relation over the canonical tables, in any dialect; `inputs` makes the tables beside them."""
    from growthring.operations.project import Project
    from growthring.operations.sql import inputs_sql, relation_sql

    if relation == "inputs":
        say(inputs_sql(Project.open(project), policy=policy, dialect=dialect))
        return
    say(relation_sql(Project.open(project), relation, policy=policy, dialect=dialect, at=at))
