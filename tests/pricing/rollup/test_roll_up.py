"""Every event counts once, in the month of its time; what does not count is told, and the counts add up."""

import csv
import json
from dataclasses import astuple
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.engine.duckdb_session import connect
from growthring.engine.portable import check_portable
from growthring.engine.store import Store
from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.kernel.period import Month
from growthring.pricing.rollup import EventCounts, EventFile, EventMapping, Grain, RollUp, repeats, roll_up, usage_select
from growthring.pricing.rollup.reference import roll_up_records
from growthring.pricing.rollup.relations import rollup_chain
from growthring.tables.usage import USAGE
from tests.pricing.rollup.events import SCHEMA, cells, event, problems, write

MAPPING = EventMapping(dimensions=("region",))
MAY, JUNE = Month.parse("2024-05"), Month.parse("2024-06")


def bytes_of(rollup: RollUp) -> list[bytes]:
    return [file.read_bytes() for file in (*rollup.files, *rollup.problem_files)]


def test_a_record_that_comes_again_counts_once(tmp_path: Path) -> None:
    log = write(tmp_path / "may.parquet", [event("1", quantity="2.5"), event("2", quantity="1"), event("1", quantity="2.5")])
    rollup = roll_up([log], MAPPING, Store(tmp_path / "store"))
    assert cells(rollup) == {("A1", "calls", "region=eu", date(2024, 5, 1)): (Decimal("3.500000"), 2)}
    assert rollup.counts == EventCounts(read=3, accepted=2, duplicates=1)


def test_a_record_that_comes_again_in_another_file_counts_once(tmp_path: Path) -> None:
    first = write(tmp_path / "1.parquet", [event("1", "2024-05-31T23:59:59"), event("2", "2024-06-01T00:00:00")])
    second = write(tmp_path / "2.parquet", [event("2", "2024-06-01T00:00:00"), event("3", "2024-06-02T00:00:00")])
    rollup = roll_up([first, second], MAPPING, Store(tmp_path / "store"))
    assert rollup.counts == EventCounts(read=4, accepted=3, duplicates=1)
    assert list(rollup.months) == [MAY, JUNE]


def test_one_key_with_two_contents_counts_not_at_all_and_is_told(tmp_path: Path) -> None:
    log = write(
        tmp_path / "may.parquet", [event("1", quantity="2"), event("1", quantity="3"), event("1", quantity="3"), event("2")]
    )
    rollup = roll_up([log], MAPPING, Store(tmp_path / "store"))
    assert rollup.counts == EventCounts(read=4, accepted=1, conflicts=3)
    ((code, key, file, message),) = problems(rollup, "code, row_key, file, message")
    assert (code, key, file) == ("CONFLICTING_EVENT", "1", str(log))
    assert "2 different contents in 3 records, quantities from 2.000000 to 3.000000" in message


@pytest.mark.parametrize("changed", ["account_id", "meter", "region", "used_at"])
def test_a_repeat_that_differs_in_any_mapped_column_is_a_conflict(tmp_path: Path, changed: str) -> None:
    again = event("1") | {changed: datetime(2024, 5, 4) if changed == "used_at" else "other"}
    rollup = roll_up([write(tmp_path / "may.parquet", [event("1"), again])], MAPPING, Store(tmp_path / "store"))
    assert rollup.counts == EventCounts(read=2, conflicts=2)


def test_a_key_of_several_columns_keeps_their_events_apart(tmp_path: Path) -> None:
    records = [event("1", region="eu"), event("1", region="us"), event("1", region="us")]
    mapping = EventMapping(key=("region", "event_id"))
    rollup = roll_up([write(tmp_path / "may.parquet", records)], mapping, Store(tmp_path / "store"))
    assert rollup.counts == EventCounts(read=3, accepted=2, duplicates=1)


def test_floats_that_are_no_numbers_are_told_with_their_count(tmp_path: Path) -> None:
    values = [1.5, float("nan"), float("inf"), -float("inf"), 1e13, -2.0, None]
    schema = SCHEMA.set(4, pa.field("quantity", pa.float64()))
    log = write(tmp_path / "may.parquet", [event(str(i), quantity=value) for i, value in enumerate(values)], schema)
    rollup = roll_up([log], MAPPING, Store(tmp_path / "store"))
    assert rollup.counts == EventCounts(read=7, accepted=1, rejected=6)
    told = dict(problems(rollup, "code, message"))
    assert set(told) == {"NOT_A_NUMBER", "QUANTITY_OUT_OF_RANGE", "NEGATIVE_QUANTITY", "MISSING_QUANTITY"}
    assert told["NOT_A_NUMBER"].startswith("3 records do not count")


def test_every_unusable_value_has_a_reason(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    good = {
        "event_id": "1",
        "account_id": "A1",
        "meter": "calls",
        "used_at": "2024-05-03T10:00:00Z",
        "quantity": "1",
        "region": "eu",
    }
    wrong = {
        "MISSING_EVENT_ID": {"event_id": ""},
        "MISSING_ACCOUNT_ID": {"account_id": ""},
        "MISSING_METER": {"meter": ""},
        "UNKNOWN_METER": {"meter": "steps"},
        "MISSING_USED_AT": {"used_at": ""},
        "NOT_A_DATE": {"used_at": "yesterday"},
        "TIME_IN_FUTURE": {"used_at": "2124-05-03T10:00:00Z"},
        "MISSING_QUANTITY": {"quantity": ""},
        "NOT_A_NUMBER": {"quantity": "lots"},
        "QUANTITY_OUT_OF_RANGE": {"quantity": "1000000000000"},
        "NEGATIVE_QUANTITY": {"quantity": "-1"},
    }
    with log.open("w") as stream:
        writer = csv.DictWriter(stream, good)
        writer.writeheader()
        writer.writerows([good, *(good | {"event_id": str(i + 2)} | each for i, each in enumerate(wrong.values()))])
    mapping = EventMapping(meters=("calls",), before=datetime(2025, 1, 1))
    rollup = roll_up([log], mapping, Store(tmp_path / "store"))
    assert {code for code, _ in problems(rollup)} == set(wrong)
    assert rollup.counts == EventCounts(read=len(wrong) + 1, accepted=1, rejected=len(wrong))


def test_csv_json_and_parquet_of_the_same_events_agree_to_the_last_digit(tmp_path: Path) -> None:
    records = [event(str(i), f"2024-0{5 + i % 2}-07T08:09:10", "0.100001", region="e" if i % 3 else None) for i in range(20)]
    written = [each | {"used_at": each["used_at"].isoformat() + "Z"} for each in records]
    table, lines = tmp_path / "log.csv", tmp_path / "log.jsonl"
    with table.open("w") as stream:
        writer = csv.DictWriter(stream, SCHEMA.names)
        writer.writeheader()
        writer.writerows(written)
    lines.write_text("".join(json.dumps(each | {"quantity": 0.100001}) + "\n" for each in written))
    found = [
        cells(roll_up([log], MAPPING, Store(tmp_path / "store"), grain=Grain.DAY))
        for log in (write(tmp_path / "log.parquet", records), table, lines)
    ]
    assert found[0] == found[1] == found[2]
    assert sum(quantity for quantity, _ in found[0].values()) == Decimal("2.000020")


def test_a_key_stored_as_number_and_as_text_is_one_key(tmp_path: Path) -> None:
    numbers = SCHEMA.set(0, pa.field("event_id", pa.int64()))
    log = write(tmp_path / "may.parquet", [event("7") | {"event_id": 7}, event("8") | {"event_id": 8}], numbers)
    late = tmp_path / "late.csv"
    late.write_text("event_id,account_id,meter,used_at,quantity,region\n7,A1,calls,2024-05-03 10:00:00,1,eu\n")
    rollup = roll_up([log, late], MAPPING, Store(tmp_path / "store"))
    assert rollup.counts == EventCounts(read=3, accepted=2, duplicates=1)


@pytest.mark.parametrize("kind", [pa.timestamp("us", tz="UTC"), pa.timestamp("ms"), pa.timestamp("ns"), pa.date32()])
def test_times_of_every_type_fall_into_their_month_without_a_split(tmp_path: Path, kind: pa.DataType) -> None:
    schema = SCHEMA.set(3, pa.field("used_at", kind))
    store = Store(tmp_path / "store")
    records = [event(str(day), f"2024-05-{day:02d}T00:00:00") for day in (1, 31)]
    rollup = roll_up([write(tmp_path / "may.parquet", records, schema)], MAPPING, store, grain=Grain.DAY)
    assert [day for *_, day in cells(rollup)] == [date(2024, 5, 1), date(2024, 5, 31)]
    assert store.built == 1


@pytest.mark.parametrize("time", ["infinity", "0000-05-01 00:00:00", "10024-05-01 00:00:00"])
def test_a_time_outside_the_calendar_is_told(tmp_path: Path, time: str) -> None:
    log = tmp_path / "log.parquet"
    row = f"SELECT '1' AS event_id, 'A1' AS account_id, 'calls' AS meter, TIMESTAMP '{time}' AS used_at, 1 AS quantity"
    duckdb.execute(f"COPY ({row}) TO '{log}'")
    rollup = roll_up([log], EventMapping(), Store(tmp_path / "store"))
    assert rollup.counts == EventCounts(read=1, rejected=1)
    assert problems(rollup, "code") == [("NOT_A_DATE",)]


def test_a_bound_on_time_with_an_offset_is_read_in_utc(tmp_path: Path) -> None:
    log = write(tmp_path / "may.parquet", [event("1", "2024-05-03T09:59:59"), event("2", "2024-05-03T10:00:00")])
    mapping = EventMapping(before=datetime.fromisoformat("2024-05-03T12:00:00+02:00"))
    rollup = roll_up([log], mapping, Store(tmp_path / "store"))
    assert rollup.counts == EventCounts(read=2, accepted=1, rejected=1)


def test_a_rollup_can_be_read_as_usage(tmp_path: Path) -> None:
    log = write(tmp_path / "may.parquet", [event(str(i), f"2024-05-{1 + i % 3:02d}T05:00:00", region=None) for i in range(9)])
    rollup = roll_up([log], MAPPING, Store(tmp_path / "store"), grain=Grain.DAY)
    usage = duckdb.sql(usage_select(rollup, datetime(2024, 6, 1)))
    assert tuple(usage.columns) == USAGE.column_names
    assert [str(kind) for kind in usage.types] == [column.type.value for column in USAGE.columns]
    rows = usage.fetchall()
    assert [row[0] for row in rows] == [f"A1/calls//2024-05-0{day}" for day in (1, 2, 3)]
    required = [index for index, column in enumerate(USAGE.columns) if column.required]
    assert all(row[index] is not None for row in rows for index in required)


def test_fields_inside_a_column_can_be_mapped(tmp_path: Path) -> None:
    log = tmp_path / "cloud_events.jsonl"
    body = {"id": "1", "source": "s", "subject": "A1", "type": "tokens", "time": "2024-05-03T10:00:00+02:00", "data": {"n": 7.25}}
    log.write_text(json.dumps(body) + "\n" + json.dumps(body) + "\n")
    mapping = EventMapping(key=("source", "id"), account_id="subject", meter="type", used_at="time", quantity="data.n")
    rollup = roll_up([log], mapping, Store(tmp_path / "store"), grain=Grain.DAY)
    assert cells(rollup) == {("A1", "tokens", "", date(2024, 5, 3)): (Decimal("7.250000"), 1)}


def test_without_a_quantity_every_event_counts_as_one(tmp_path: Path) -> None:
    log = write(tmp_path / "may.parquet", [event("1", quantity="9"), event("2", quantity=None)])
    rollup = roll_up([log], EventMapping(quantity=""), Store(tmp_path / "store"))
    assert list(cells(rollup).values()) == [(Decimal("2.000000"), 2)]


def test_nothing_is_computed_twice_and_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    logs = [write(tmp_path / f"{i}.parquet", [event(f"{i}{j}", f"2024-0{i}-02T00:00:00") for j in range(3)]) for i in (4, 5, 6)]
    store = Store(tmp_path / "store")
    first = roll_up(logs, MAPPING, store)
    built = store.built
    assert roll_up(reversed(logs), MAPPING, store) == first
    assert store.built == built == 3


def test_a_late_event_computes_one_month_and_equals_a_computation_of_everything(tmp_path: Path) -> None:
    logs = [
        write(tmp_path / f"{i}.parquet", [event(f"{i}{j}", f"2024-0{i}-02T00:00:{j:02d}", account_id=f"A{j}") for j in range(40)])
        for i in range(1, 10)
    ]
    store = Store(tmp_path / "store")
    before = roll_up(logs, MAPPING, store)
    late = write(tmp_path / "late.parquet", [event("late", "2024-05-20T00:00:00", "7")])
    built = store.built
    after = roll_up([*logs, late], MAPPING, store)
    assert store.built - built == 1
    assert [month for month in after.months if after.months[month] != before.months[month]] == [MAY]
    assert after.counts.accepted == before.counts.accepted + 1
    assert bytes_of(after) == bytes_of(roll_up([*logs, late], MAPPING, Store(tmp_path / "anew")))


def test_a_late_file_of_many_months_computes_the_months_it_touches(tmp_path: Path) -> None:
    records = [event(f"{i}{j}", f"2024-0{i}-02T00:00:00") for i in range(1, 10) for j in range(3)]
    store = Store(tmp_path / "store")
    log = write(tmp_path / "log.parquet", records)
    before = roll_up([log], MAPPING, store)
    late = write(tmp_path / "late.parquet", [event("a", "2024-02-01T00:00:00"), event("b", "2024-07-01T00:00:00"), records[0]])
    after = roll_up([log, late], MAPPING, store)
    assert [str(month) for month in after.months if after.months[month] != before.months[month]] == [
        "2024-01",
        "2024-02",
        "2024-07",
    ]
    assert after.counts == EventCounts(read=30, accepted=29, duplicates=1)


def test_months_are_the_sums_of_their_days(tmp_path: Path) -> None:
    log = write(tmp_path / "log.parquet", [event(str(i), f"2024-05-{1 + i % 28:02d}T00:00:00", f"{i}.000001") for i in range(90)])
    store = Store(tmp_path / "store")
    days = cells(roll_up([log], MAPPING, store, grain=Grain.DAY))
    months = cells(roll_up([log], MAPPING, store))
    assert len(days) == 28
    assert list(months.values()) == [(sum(quantity for quantity, _ in days.values()), 90)]


@pytest.mark.parametrize("slice_size", [7, 1_000_000])
def test_sorting_hashes_finds_what_grouping_finds(monkeypatch: pytest.MonkeyPatch, slice_size: int) -> None:
    monkeypatch.setattr(repeats, "SLICE", slice_size)
    connection = connect()
    connection.execute("CREATE VIEW event AS SELECT hash(i % 70) AS key_hash FROM range(100) AS t(i)")
    repeats.find_repeated_hashes(connection, 100)
    by_sorting = set(connection.execute("FROM repeated_hash").fetchall())
    sql = next(each.sql for each in rollup_chain() if each.name == "repeated_hash")
    assert by_sorting == set(connection.execute(sql).fetchall())
    assert len(by_sorting) == 30


@pytest.mark.parametrize("relation", rollup_chain(), ids=lambda each: each.name)
def test_the_relations_keep_to_the_portable_subset(relation) -> None:
    check_portable(relation.sql, relation.name)


def test_a_sum_that_does_not_fit_is_refused_and_nothing_is_published(tmp_path: Path) -> None:
    log = write(tmp_path / "may.parquet", [event("1", quantity="999999999999"), event("2", quantity="999999999999")])
    store = Store(tmp_path / "store")
    with pytest.raises(GrowthringError, match="larger unit"):
        roll_up([log], MAPPING, store)
    assert store.built == 0


def test_a_missing_column_engine_or_file_is_named(tmp_path: Path) -> None:
    log = write(tmp_path / "may.parquet", [event("1")])
    store = Store(tmp_path / "store")
    with pytest.raises(UnknownValueError, match="event_id, account_id"):
        roll_up([log], EventMapping(account_id="customer"), store)
    with pytest.raises(UnknownValueError, match="duckdb, spark"):
        roll_up([log], MAPPING, store, engine="polars")
    with pytest.raises(ConfigurationError, match="nowhere"):
        roll_up([tmp_path / "nowhere.parquet"], MAPPING, store)
    with pytest.raises(ConfigurationError, match="Use Spark"):
        roll_up([EventFile("s3a://bucket/may.parquet", "etag")], MAPPING, store)


RECORDS = st.lists(
    st.builds(
        lambda number, month, day, *rest: event(number, f"2024-{month:02d}-{day:02d}T00:00:00" if month else None, *rest),
        st.sampled_from(["1", "2", "3", "4", "5", "", None]),
        st.sampled_from([0, 1, 1, 1, 2]),
        st.sampled_from([1, 2]),
        st.sampled_from(["0", "1.5", "1.5", "-2", "0.000001", "999999999999", None]),
        st.sampled_from(["A1", "A1", "A2", None]),
        st.sampled_from(["calls", "calls", "tokens", ""]),
        st.sampled_from(["eu", "eu", None]),
    ),
    max_size=30,
)


@settings(max_examples=20, deadline=None)
@given(
    files=st.lists(RECORDS, min_size=1, max_size=3),
    key=st.sampled_from([("event_id",), ("region", "event_id"), ("event_id", "used_at")]),
    grain=st.sampled_from(Grain),
    allow_negative=st.booleans(),
)
def test_any_log_gives_what_the_reference_gives(tmp_path_factory, files, key, grain, allow_negative) -> None:
    folder = tmp_path_factory.mktemp("log")
    logs = [write(folder / f"{number}.parquet", records) for number, records in enumerate(files)]
    mapping = EventMapping(key=key, dimensions=("region",), allow_negative=allow_negative, meters=("calls", "tokens"))
    expected, counts = roll_up_records((record for records in files for record in records), mapping, grain)
    if any(abs(quantity) >= 10**12 for quantity, _ in expected.values()):
        with pytest.raises(GrowthringError, match="larger unit"):
            roll_up(logs, mapping, Store(folder / "store"), grain=grain)
        return
    rollup = roll_up(logs, mapping, Store(folder / "store"), grain=grain)
    assert cells(rollup) == expected
    assert rollup.counts == counts
    read, *parts = astuple(rollup.counts)
    assert read == sum(parts)


def test_rows_are_in_order_with_the_types_of_usage(tmp_path: Path) -> None:
    log = write(tmp_path / "may.parquet", [event(str(i), account_id=f"A{9 - i}") for i in range(9)])
    (file,) = roll_up([log], MAPPING, Store(tmp_path / "store")).files
    relation = duckdb.sql(f"FROM '{file}'")
    assert [str(kind) for kind in relation.types] == ["VARCHAR", "VARCHAR", "VARCHAR", "DATE", "DECIMAL(18,6)", "BIGINT"]
    accounts = [row[0] for row in relation.fetchall()]
    assert accounts == sorted(accounts)
