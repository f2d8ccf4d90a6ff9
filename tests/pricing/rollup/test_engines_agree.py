"""Event rollup gives the same rows on every engine, and the same bytes in the store whether DuckDB or Spark computed it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from growthring.engine.duckdb_session import connect
from growthring.engine.executors import open_executor
from growthring.engine.store import Store
from growthring.kernel.errors import ConfigurationError
from growthring.pricing.rollup import EventCounts, EventFile, EventMapping, Grain, RollUp, roll_up
from growthring.pricing.rollup.relations import COMPUTED, rollup_chain
from tests.pricing.rollup.events import SCHEMA, cells, event, problems, write

MAPPING = EventMapping(dimensions=("region", "meter"))
ELSEWHERE = ("postgres", "spark", "clickhouse")
COMPARED = ("event_rollup", "event_conflict", "event_tally")


def records() -> list[dict[str, Any]]:
    """Return 400 events of three months with repeats, conflicts, missing values and negative quantities."""
    made = [
        event(
            f"E{number % 330}" if number % 41 else None,
            f"2024-{4 + number % 3:02d}-{1 + number % 30 % 28:02d}T01:02:03.000004",
            f"{(number % 330) * 37 % 11 - (number % 97 == 0)}.{number % 330:06d}",
            account_id=f"A{number % 330 % 7}",
            meter=("calls", "tokens", "")[number % 330 % 3] if number % 53 else None,
            region=(None, "eu", "us")[number % 330 % 3],
        )
        for number in range(400)
    ]
    assert len({tuple(each.values()) for each in made}) < len(made)
    return made


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    """Return a file of all months, and one of a single month with repeats of the first."""
    may = [each for each in records() if each["used_at"].month == 5]
    return [write(tmp_path / "log.parquet", records()), write(tmp_path / "may.parquet", may[:60])]


@pytest.fixture
def event_table() -> pa.Table:
    """Return the view `event` of records as a table."""
    connection = connect()
    connection.register("raw_event", pa.Table.from_pylist(records(), SCHEMA))
    return connection.sql(
        "SELECT COALESCE(event_id, '') AS key_hash, COALESCE(event_id, '') AS event_key, COALESCE(account_id, '') AS account_id, "
        "COALESCE(meter, '') AS meter, COALESCE(region, '') AS dimensions, used_at, DATE '2024-05-01' AS used_on, "
        "COALESCE(quantity, 0)::DECIMAL(18,6) AS quantity, "
        "COALESCE(quantity >= 0 AND meter <> '' AND event_id <> '', FALSE) AS accepted, "
        "CASE WHEN quantity >= 0 THEN 'MISSING_METER' ELSE 'NEGATIVE_QUANTITY' END AS reason, "
        "CAST(quantity AS VARCHAR) AS shown, "
        "'log.parquet' AS source_file FROM raw_event"
    ).to_arrow_table()


@pytest.mark.parametrize("engine", [pytest.param(name, marks=pytest.mark.engine(name)) for name in ELSEWHERE])
def test_the_relations_give_the_same_rows_on_every_engine(
    request: pytest.FixtureRequest, engine: str, event_table: pa.Table
) -> None:
    given = {"postgres": ("url", "postgres_server_url"), "spark": ("session", "spark")}
    needs = {given[engine][0]: request.getfixturevalue(given[engine][1])} if engine in given else {}
    found = []
    for executor in (open_executor("duckdb"), open_executor(engine, **needs)):
        executor.put("event", event_table)
        executor.run(rollup_chain(), keep=COMPUTED)
        found.append({name: sorted(executor.fetch(name)) for name in (*COMPARED, "event_rejection")})
        executor.close()
    assert found[0] == found[1]
    assert all(found[0].values())


@pytest.fixture
def in_spark(spark: Any, logs: list[Path], tmp_path: Path) -> Iterator[RollUp]:
    """Roll the logs up in Spark."""
    yield roll_up(logs, MAPPING, Store(tmp_path / "spark"), engine="spark", session=spark)


def test_spark_leaves_the_same_artifacts_as_duckdb(in_spark: RollUp, logs: list[Path], tmp_path: Path) -> None:
    in_duckdb = roll_up(logs, MAPPING, Store(tmp_path / "duckdb"))
    assert in_spark.counts == in_duckdb.counts
    assert min(in_spark.counts.duplicates, in_spark.counts.conflicts, in_spark.counts.rejected) > 0
    assert [each.key for each in in_spark.months.values()] == [each.key for each in in_duckdb.months.values()]
    assert problems(in_spark, "*") == problems(in_duckdb, "*")
    assert [each.contents for each in in_spark.months.values()] == [each.contents for each in in_duckdb.months.values()]


def test_what_spark_computed_is_found_by_duckdb(in_spark: RollUp, logs: list[Path], tmp_path: Path) -> None:
    store = Store(tmp_path / "spark")
    assert roll_up(logs, MAPPING, store) == in_spark
    assert store.built == 0


def test_spark_reads_files_of_other_machines_by_month(spark: Any, logs: list[Path], tmp_path: Path) -> None:
    files = [EventFile(log.as_uri(), f"etag-{log.stem}") for log in logs]
    far = roll_up(files, MAPPING, Store(tmp_path / "far"), engine="spark", session=spark, grain=Grain.DAY)
    near = roll_up(logs, MAPPING, Store(tmp_path / "near"), grain=Grain.DAY)
    assert cells(far) == cells(near)
    assert far.counts == near.counts
    assert problems(far) == problems(near)


def test_spark_reads_text_and_floats_as_duckdb_does(spark: Any, tmp_path: Path) -> None:
    values = ["1.5", "0.0000005", "-0.0000004", "1e3", "NaN", "lots", "", None, "1000000000000", "12,5"]
    text = SCHEMA.set(4, pa.field("quantity", pa.string())).set(3, pa.field("used_at", pa.string()))
    times = ["2024-05-03T10:00:00Z", "2024-05-03T23:30:00-01:00", "2024-05-03 10:00:00", "2024-05-03", "never"]
    made = [
        event(f"{i}-{j}", None) | {"quantity": value, "used_at": time, "account_id": f"A{i}"}
        for i, value in enumerate(values)
        for j, time in enumerate(times)
    ]
    floats = [event(f"f{i}", quantity=value) for i, value in enumerate([0.1, 2.5e-7, float("nan"), float("inf"), 123456.789])]
    logs = [
        write(tmp_path / "text.parquet", made, text),
        write(tmp_path / "floats.parquet", floats, SCHEMA.set(4, pa.field("quantity", pa.float64()))),
    ]
    found = [
        roll_up(logs, MAPPING, Store(tmp_path / engine), engine=engine, session=spark, grain=Grain.DAY)
        for engine in ("duckdb", "spark")
    ]
    assert cells(found[0]) == cells(found[1])
    assert found[0].counts == found[1].counts
    assert problems(found[0], "code, file") == problems(found[1], "code, file")
    assert any(day == date(2024, 5, 4) for *_, day in cells(found[0]))


def test_a_session_that_would_change_figures_is_refused(spark: Any, logs: list[Path], tmp_path: Path) -> None:
    careless = spark.newSession()
    careless.conf.set("spark.sql.decimalOperations.allowPrecisionLoss", "true")
    with pytest.raises(ConfigurationError, match="allowPrecisionLoss"):
        roll_up(logs, MAPPING, Store(tmp_path / "store"), engine="spark", session=careless)


def test_every_count_of_spark_adds_up(in_spark: RollUp) -> None:
    counts = in_spark.counts
    assert counts == EventCounts(460, counts.accepted, counts.duplicates, counts.conflicts, counts.rejected)
    assert counts.read == counts.accepted + counts.duplicates + counts.conflicts + counts.rejected
