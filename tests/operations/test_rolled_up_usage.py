"""Sources with `rollup`: bills as of the same events read one by one; only what a late event touches is computed again."""

import shutil
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.operations.data.problems import summarise_problems
from growthring.operations.data.run import RunResult, run
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project
from tests.operations.test_killing import FORKS, killed_at
from tests.pricing.rollup.events import event, write

SETTINGS = """
[project]
name = "Brook & Son"
currency = "USD"
data_through = 2024-06-30
"""
EVENTS = """
[[sources]]
name = "events"
table = "usage"
files = "events/*.parquet"
dimensions = "region"
"""
ROLLED_UP = EVENTS + 'rollup = "{grain}"\ncolumns = { usage_id = "event_id" }\n'
ONE_BY_ONE = EVENTS + 'columns = { usage_id = "event_id", known_at = "used_at" }\n'
CORRECTIONS = """
[[sources]]
name = "corrections"
table = "usage_correction"
files = "corrections.csv"
"""
BOOK = """\
name: brook
currency: USD
meters:
  - id: calls
  - id: tokens
    dimensions: [region]
versions:
  - effective_from: 2023-01-01
    components:
      - id: api
        meter: calls
        price: {model: graduated, tiers: [{up_to: 20, unit_price: 0.333}, {unit_price: 0.1}]}
      - id: tokens
        meter: tokens
        price:
          model: matrix
          cells: [{when: {region: eu}, price: {model: per_unit, unit_price: 0.07}}]
          default: {model: per_unit, unit_price: 0.05}
assign:
  - accounts: [A0, A1, A2]
"""


def records(months: int = 3) -> list[dict[str, Any]]:
    """Return 120 events of three accounts in some months until June."""
    return [
        event(
            f"E{number}",
            f"2024-{6 - number % months:02d}-{1 + number % 28:02d}T{number % 24:02d}:59:59.5",
            f"{number % 13}.{number:06d}",
            account_id=f"A{number % 7 % 3}",
            meter=("calls", "tokens")[number % 5 % 2],
            region=(None, "eu", "", "a;b=c%")[number % 4],
        )
        for number in range(120)
    ]


def made(root: Path, source: str, *, book: str = BOOK, months: int = 3) -> Project:
    """Make a project of two files, with copies of ten events and one event that came with two quantities."""
    events = records(months)
    write(root / "events" / "first.parquet", events[:90])
    write(root / "events" / "second.parquet", [*events[90:], *events[:10], {**events[11], "quantity": events[12]["quantity"]}])
    (root / "price_books").mkdir()
    (root / "price_books" / "brook.yaml").write_text(book)
    (root / "growthring.toml").write_text(SETTINGS + source)
    return Project.open(root)


def rolled_up(root: Path, *, grain: str = "day", more: str = "", book: str = BOOK, months: int = 3) -> Project:
    return made(root, ROLLED_UP.replace("{grain}", grain) + more, book=book, months=months)


def again(project: Project, **given: Any) -> RunResult:
    return run(Project.open(project.root), **given)


def queried(project: Project, statement: str) -> list[tuple[Any, ...]]:
    rating = rate(Project.open(project.root))
    with rating.connection:
        return rating.connection.execute(statement).fetchall()


def rows(project: Project, table: str) -> list[tuple[Any, ...]]:
    return sorted(queried(project, f"SELECT * FROM {table}"))


def parquet(project: Project, *, of: str = "") -> dict[str, bytes]:
    """Return the Parquet files of the store by their place, those whose names begin with a text."""
    root = project.store.root / "objects"
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob(f"{of}*.parquet"))}


@pytest.mark.parametrize("grain", ["day", "month"])
def test_bills_of_rolled_up_events_equal_those_of_single_events(tmp_path: Path, grain: str):
    single, rolled = made(tmp_path / "single", ONE_BY_ONE), rolled_up(tmp_path / "rolled", grain=grain)
    run(single)
    result = run(rolled)
    assert len(rows(rolled, "bill")) == 9
    for table in ("rated_line", "bill"):
        assert rows(rolled, table) == rows(single, table)
    dimensions = [queried(project, "SELECT DISTINCT dimensions FROM usage ORDER BY 1") for project in (rolled, single)]
    assert dimensions[0] == dimensions[1] == [("region=a%3Bb%3Dc%25",), ("region=eu",), (None,)]
    [file] = result.files
    assert (file.read, file.accepted, file.corrected, file.rejected) == (131, 119, 10, 2)


def test_counts_add_up_and_problem_rows_name_the_file_and_the_key(tmp_path: Path):
    project = rolled_up(tmp_path)
    write(tmp_path / "events" / "third.parquet", [event("L1", "2124-05-03T10:00:00"), event("L2", account_id=None)])
    [file] = run(project).files
    assert file.read == file.accepted + file.corrected + file.rejected == 133
    assert file.rejected == 4
    told = {each.code: each for each in summarise_problems(Project.open(tmp_path))}
    assert set(told) == {"CONFLICTING_EVENT", "TIME_IN_FUTURE", "MISSING_ACCOUNT_ID"}
    assert told["TIME_IN_FUTURE"].example.startswith("1 events lie after the newest file was written, the last on 2124-05-03")


def test_rolled_up_usage_stands_beside_usage_that_was_read_row_by_row(tmp_path: Path):
    more = EVENTS.replace('"events"', '"more"').replace("events/*", "more") + 'columns = { usage_id = "event_id" }\n'
    single, rolled = made(tmp_path / "single", ONE_BY_ONE + more), rolled_up(tmp_path / "rolled", more=more)
    for project in (single, rolled):
        write(project.root / "more.parquet", [event("M1", quantity="1000")])
        run(project)
    assert rows(rolled, "bill") == rows(single, "bill")
    assert any(isinstance(value, Decimal) and value >= 1000 for row in rows(rolled, "rated_line") for value in row)


@pytest.mark.parametrize(("grain", "last"), [("day", "2024-06-28"), ("month", "2024-06-30")])
def test_the_data_go_to_the_last_day_of_rolled_up_usage(tmp_path: Path, grain: str, last: str):
    project = rolled_up(tmp_path, grain=grain)
    settings = tmp_path / "growthring.toml"
    settings.write_text(settings.read_text().replace("data_through = 2024-06-30\n", ""))
    assert again(project).snapshot.data_through == last


def test_a_second_run_computes_nothing(tmp_path: Path):
    project = rolled_up(tmp_path)
    first = run(project)
    second = again(project)
    assert second.snapshot == first.snapshot
    assert (second.built, second.rated_periods) == (0, 0)


def test_a_late_event_rates_one_account_period_again_to_the_bytes_of_a_full_computation(tmp_path: Path):
    project = rolled_up(tmp_path)
    assert run(project).rated_periods == 9
    write(tmp_path / "events" / "late.parquet", [event("LATE", "2024-05-30T10:00:00", account_id="A2")])
    late = again(project)
    assert late.rated_periods == 1
    found = parquet(project)
    shutil.rmtree(project.state)
    whole = again(project)
    assert whole.snapshot == late.snapshot
    assert whole.rated_periods == 9
    expected = parquet(project)
    assert {name: found.get(name) for name in expected} == expected


def test_a_correction_rates_one_account_period_again(tmp_path: Path):
    project = rolled_up(tmp_path, more=CORRECTIONS)
    head = "correction_id,action,usage_id,quantity,known_at\n"
    unknown = "c0,withdraw,none,,2024-06-01T00:00:00Z\n"
    (tmp_path / "corrections.csv").write_text(head + unknown)
    run(project)
    before = rows(project, "bill")
    where = "account_id = 'A1' AND meter = 'calls' AND used_at = TIMESTAMP '2024-05-05 12:00:00'"
    [(usage_id,)] = queried(project, f"SELECT usage_id FROM usage WHERE {where}")
    assert usage_id == "events/A1/calls//2024-05-05"
    (tmp_path / "corrections.csv").write_text(head + unknown + f"c1,amend,{usage_id},500,2024-06-02T00:00:00Z\n")
    assert again(project).rated_periods == 1
    changed = set(rows(project, "bill")) - set(before)
    assert [(row[1], str(row[2])) for row in changed] == [("A1", "2024-05-01")]


@pytest.mark.engine("spark")
def test_spark_leaves_the_same_bytes_in_the_store_as_duckdb(tmp_path: Path, spark: Any):
    project = rolled_up(tmp_path, months=1)  # in one place, because problem rows name files by their path
    expected_result = run(project)
    expected = parquet(project)
    shutil.rmtree(project.state)
    result = again(project, engine="spark", session=spark)
    assert result.snapshot == expected_result.snapshot
    assert result.rated_periods == expected_result.rated_periods == 3
    assert parquet(project) == expected
    assert again(project).built == 0


@pytest.mark.engine("spark")
def test_a_spark_session_that_would_change_figures_is_refused_and_nothing_is_published(tmp_path: Path, spark: Any):
    project = rolled_up(tmp_path)
    other = spark.newSession()
    other.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    with pytest.raises(ConfigurationError, match=r"timeZone is asia/tokyo"):
        run(project, engine="spark", session=other)
    with pytest.raises(GrowthringError, match="Nothing has been read yet"):
        project.snapshot()


@pytest.mark.parametrize("engine", ["postgres", "clickhouse", "excel"])
def test_an_engine_that_does_not_rate_is_refused(tmp_path: Path, engine: str):
    with pytest.raises(UnknownValueError, match=f"Unknown engine: {engine}. Valid: duckdb, spark."):
        run(rolled_up(tmp_path), engine=engine)


@pytest.mark.parametrize(
    ("meter", "why"),
    [
        ("aggregation: count", "it counts events"),
        ("aggregation: unique", "its aggregation is unique"),
        ("aggregation: max", "its aggregation is max"),
        ("bucket: hour", "it looks at the time of day"),
        ("recurring: true", "it follows a level through time"),
        ("per_event: true", "it keeps every event apart"),
    ],
)
def test_a_meter_that_needs_single_events_is_refused(tmp_path: Path, meter: str, why: str):
    project = rolled_up(tmp_path, book=BOOK.replace("- id: calls", f"- id: calls\n    {meter}"))
    with pytest.raises(ConfigurationError, match=rf"Meter calls reads calls, which source events rolls up by day; {why}\."):
        run(project)


def test_a_price_by_the_event_is_refused(tmp_path: Path):
    price = "price: {model: percentage, rate: 2, fixed_per_event: 0.3}"
    book = BOOK.replace("price: {model: graduated, tiers: [{up_to: 20, unit_price: 0.333}, {unit_price: 0.1}]}", price)
    with pytest.raises(ConfigurationError, match="Component api is priced by the event, and source events rolls its events up"):
        run(rolled_up(tmp_path, book=book))


def test_days_matter_to_no_meter_over_months(tmp_path: Path):
    book = BOOK.replace("- id: calls", "- id: calls\n    bucket: day")
    run(rolled_up(tmp_path / "day", book=book))
    with pytest.raises(ConfigurationError, match="it looks at days"):
        run(rolled_up(tmp_path / "month", grain="month", book=book))


def test_quantity_1_counts_events_for_a_meter_that_sums(tmp_path: Path):
    source = ROLLED_UP.replace("{grain}", "day").replace('"event_id" }', '"event_id", quantity = 1 }')
    counted = made(tmp_path / "counted", source)
    single = made(tmp_path / "single", ONE_BY_ONE, book=BOOK.replace("- id: calls", "- id: calls\n    aggregation: count"))
    run(counted)
    run(single)
    found, expected = ([row for row in rows(project, "rated_line") if "api" in row] for project in (counted, single))
    assert found == expected != []


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("late_window_days = 3", "Source events is rolled up and sets late_window_days"),
        ('dedupe = "day"', "Unknown dedupe of a rolled-up source: day. Valid: id, source\\+id, id\\+timestamp"),
        ('columns = { account_id = "upper(account_id)" }', "its account_id is upper\\(account_id\\)"),
        ('columns = { unique_key = "user" }', "Unknown column of a rolled-up source: unique_key"),
        ('files = "nothing/*.parquet"', "No file of source events matches nothing/\\*.parquet"),
        ('columns = { usage_id = "missing" }', "Unknown column of the events: missing"),
    ],
)
def test_what_cannot_be_rolled_up_is_refused(tmp_path: Path, more: str, message: str):
    setting = more.split(maxsplit=1)[0]
    kept = [line for line in ROLLED_UP.replace("{grain}", "day").splitlines() if not line.startswith(setting)]
    with pytest.raises(GrowthringError, match=message):
        run(made(tmp_path, "\n".join([*kept, more]) + "\n"))


def run_it(root: Path) -> None:
    run(Project.open(root))


def test_a_run_that_is_killed_leaves_the_store_usable(tmp_path: Path):
    root = tmp_path / "brook"
    expected = run(rolled_up(root))
    found = parquet(Project.open(root))
    died = 0
    for moment in (3, 12, 25, 40, 60):
        shutil.rmtree(root / ".growthring")
        process = FORKS.Process(target=killed_at, args=(run_it, root, moment))
        process.start()
        process.join()
        died += process.exitcode == -signal.SIGKILL
        assert run(Project.open(root)).snapshot == expected.snapshot
        assert parquet(Project.open(root)) == found
        assert not list(Project.open(root).store.root.glob("building-*"))
    assert died >= 3
