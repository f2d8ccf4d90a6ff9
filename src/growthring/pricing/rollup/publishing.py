"""What a rolled-up month leaves in the store: its rows, its problem rows, and counts that add up."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb

from growthring.engine.relation import literal
from growthring.kernel.errors import GrowthringError
from growthring.sources.problems import problem_select, write_parquet, write_problems

ROLLUP_FILE = "rollup.parquet"
"""account_id, meter, dimensions, used_on DATE, quantity DECIMAL(18,6), events BIGINT; in the order of the first four."""

_REMEDIES = {
    "MISSING_EVENT_ID": "Fill the columns of the key in the source, or choose another key.",
    "MISSING_ACCOUNT_ID": "Fill the column in the source, or map account_id to one that has it.",
    "MISSING_METER": "Fill the column in the source, or map meter to one that has it.",
    "UNKNOWN_METER": "Declare the meter, or correct its name in the source.",
    "MISSING_USED_AT": "Fill the column in the source, or map used_at to one that has it.",
    "NOT_A_DATE": "Write times as 2024-05-01T12:00:00Z.",
    "TIME_IN_FUTURE": "Correct the clock of the source, or wait until the time has come.",
    "MISSING_QUANTITY": "Fill the column in the source, or leave quantity empty to count events.",
    "QUANTITY_OUT_OF_RANGE": "Check the unit: a quantity has up to 12 digits before the point.",
    "NOT_A_NUMBER": "Write plain numbers with a decimal point; NaN and infinities are none.",
    "NEGATIVE_QUANTITY": "Correct it, or allow negative quantities in the mapping.",
}


@dataclass(frozen=True, slots=True)
class EventCounts:
    """How many records became what; ``read`` is the sum of the others.

    Attributes:
        read: Records in the files.
        accepted: Distinct events that count.
        duplicates: Records that repeat an event that counts.
        conflicts: Records of keys that came with several contents; none of them counts.
        rejected: Records with a missing or unusable value.
    """

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0

    def __add__(self, other: "EventCounts") -> "EventCounts":
        return EventCounts(**{name: value + getattr(other, name) for name, value in asdict(self).items()})


class Engine(Protocol):
    """An engine with the relations of a month."""

    def bring(self, name: str) -> None:
        """Make a relation readable in the DuckDB connection under its name."""
        ...


def publish_month(connection: duckdb.DuckDBPyConnection, engine: Engine, read: int, source: str, folder: Path) -> dict[str, Any]:
    """Write the rollup and the problem rows of a month; return the counts.

    Args:
        connection: DuckDB that the engine brings relations into.
        engine: Engine with the relations of the month.
        read: Number of records in the month's files.
        source: The source's name in growthring.toml.
        folder: Folder to fill.

    Raises:
        GrowthringError: A quantity does not fit its column, or the counts do not add up.
    """
    engine.bring("event_rollup")
    rollup = folder / ROLLUP_FILE
    cell = "account_id, meter, dimensions, used_on"
    select = f"SELECT {cell}, quantity, events FROM event_rollup ORDER BY {cell}"
    try:
        write_parquet(connection, select, rollup)
    except duckdb.ConversionException as error:
        raise GrowthringError(
            f"The sum of an account's quantities does not fit DECIMAL(18,6): {error}.",
            valid="Valid: sums below 10^12.",
            remedy="Roll up by day, or map the quantity in a larger unit.",
        ) from error
    accepted = _number(connection, f"SELECT COALESCE(SUM(events), 0) FROM {literal(str(rollup))}")
    engine.bring("event_tally")
    duplicates, conflicts = connection.execute("SELECT duplicates, conflicts FROM event_tally").fetchone() or (0, 0)
    rejected = read - accepted - duplicates - conflicts
    selects = []
    if conflicts:
        engine.bring("event_conflict")
        selects.append(_conflicts(source))
    if rejected:
        engine.bring("event_rejection")
        connection.execute("CREATE OR REPLACE TEMP TABLE rejection AS FROM event_rejection")
        if _number(connection, "SELECT COALESCE(SUM(events), 0) FROM rejection") != rejected:
            raise GrowthringError(
                f"Of {read} records {accepted} were accepted, {duplicates} repeated, {conflicts} in conflict, and {rejected} "
                "are not accounted for.",
                remedy="Please report this: nothing was published.",
            )
        selects.append(_rejections(source))
    problems = write_problems(connection, selects, folder)
    return {"problems": problems, **asdict(EventCounts(read, accepted, duplicates, conflicts, rejected))}


def _conflicts(source: str) -> str:
    values = {
        "code": "'CONFLICTING_EVENT'",
        "row_key": "event_key",
        "message": "format('The event came with {} different contents in {} records, quantities from {} to {}; none counts.', "
        "contents, events, CAST(least_quantity AS VARCHAR), CAST(greatest_quantity AS VARCHAR))",
        "remedy": "'Give each event an id of its own, add columns to the key, or remove the wrong records.'",
    }
    return _problem(source, values, "event_conflict")


def _rejections(source: str) -> str:
    remedies = " ".join(f"WHEN '{code}' THEN {literal(remedy)}" for code, remedy in _REMEDIES.items())
    values = {
        "code": "reason",
        "message": "format('{} records do not count', events) "
        "|| COALESCE(', for instance the one with ' || left(shown, 80), '') || '.'",
        "remedy": f"CASE reason {remedies} END",
    }
    return _problem(source, values, "rejection")


def _problem(source: str, values: dict[str, str], table: str) -> str:
    given = {
        "severity": "'rejected'",
        "source": literal(source),
        "table_name": "'usage'",
        "file": "source_file",
        **values,
    }
    return f"SELECT {problem_select(given)} FROM {table}"


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0
