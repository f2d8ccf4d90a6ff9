"""Options that several commands share, so that they read and behave alike."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from growthring.kernel.errors import ConfigurationError

ProjectFolder = Annotated[
    Path, typer.Option("--project", "-C", help="Project folder; default: here or above.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the Answer as JSON.")]
At = Annotated[
    str | None, typer.Option("--at", help="2011-11, 2011-Q4 or FY2011; default: the last complete month.", show_default=False)
]
PolicyName = Annotated[
    str | None, typer.Option("--policy", help="A preset or a file in policies/; default: the project's.", show_default=False)
]
Currency = Annotated[
    str | None, typer.Option("--currency", help="Reporting currency (ISO 4217); default: the project's.", show_default=False)
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="See only what was known on that day (YYYY-MM-DD).", show_default=False)
]
Partial = Annotated[bool, typer.Option("--include-partial", help="Compare a month that the data cut off, too.")]
Top = Annotated[int, typer.Option("--top", min=0, help="Rows listed one by one; 0 lists all.")]
SnapshotId = Annotated[str | None, typer.Option("--snapshot", help="Read an earlier snapshot.", show_default=False)]
Author = Annotated[str | None, typer.Option("--author", help="Who decides; default: the user logged in.", show_default=False)]
Dialect = Annotated[str, typer.Option("--dialect", help="duckdb, postgres, spark, clickhouse, bigquery or snowflake.")]

HERE = Path()


def instant(text: str | None) -> datetime | None:
    """Read the end of a day written YYYY-MM-DD, UTC."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(hour=23, minute=59, second=59, tzinfo=UTC).replace(tzinfo=None)
    except ValueError as error:
        raise ConfigurationError(f"Not a day: {text!r}.", valid="Valid: YYYY-MM-DD, for instance 2011-11-30.") from error


def on_day(text: str | None) -> date | None:
    """Read a day written YYYY-MM-DD."""
    found = instant(text)
    return found.date() if found else None


def number(text: str) -> Decimal:
    """Read an exact number."""
    try:
        found = Decimal(text)
    except InvalidOperation as error:
        raise ConfigurationError(f"Not a number: {text!r}.", valid="Valid: digits with a point, such as -0.3 or 12.5.") from error
    if not found.is_finite():
        raise ConfigurationError(f"Not a number: {text!r}.", valid="Valid: digits with a point, such as -0.3 or 12.5.")
    return found


Pipeline = Annotated[
    Path | None,
    typer.Option(
        "--pipeline", help="Open deals instead of the trend: a CSV with amount, probability, close, segment.", show_default=False
    ),
]
