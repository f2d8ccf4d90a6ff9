"""Usage from raw events: identity, dimensions, times, copies, and events of odd senders."""

import gzip
import json
import os
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.sources.config import SourceConfig

from .conftest import Reader


def cloud_event(number: int, **changes: Any) -> str:
    event = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "/eu/1",
        "type": "tokens",
        "subject": "acct_1",
        "time": "2025-01-31T23:59:59.5Z",
        "data": {"tokens": number, "model": "m1", "region": "eu"},
    }
    return json.dumps({name: value for name, value in (event | changes).items() if value is not None})


def events(files: str = "events/*", **changes: Any) -> SourceConfig:
    settings: dict[str, Any] = {
        "name": "events",
        "table": "usage",
        "files": (files,),
        "preset": "cloudevents",
        "value": "data.tokens",
    }
    return SourceConfig(**(settings | changes))


def test_cloud_events_become_usage_with_their_number_and_dimensions(reader: Reader):
    reader.write("events/a.jsonl", cloud_event(7) + "\n" + cloud_event(8, recordedtime="2025-02-01T00:00:03Z"))
    reader.run(events(dimensions=("data.region", "data.model", "data.absent")))
    assert reader.rows("usage", "usage_id, account_id, meter, used_at, quantity, dimensions, known_at") == [
        ("/eu/1|e7", "acct_1", "tokens", datetime(2025, 1, 31, 23, 59, 59, 500000), Decimal(7), "model=m1;region=eu",
         datetime(2025, 1, 31, 23, 59, 59, 500000)),
        ("/eu/1|e8", "acct_1", "tokens", datetime(2025, 1, 31, 23, 59, 59, 500000), Decimal(8), "model=m1;region=eu",
         datetime(2025, 2, 1, 0, 0, 3)),
    ]  # fmt: skip


def test_an_event_counts_once_unless_the_source_names_its_number(reader: Reader):
    reader.write("events/a.json", f"[{cloud_event(7)}, {cloud_event(8)}]")
    reader.run(events(value=None))
    assert reader.rows("usage", "quantity") == [(Decimal(1),), (Decimal(1),)]


def test_times_with_an_offset_are_stored_in_utc(reader: Reader):
    reader.write("events/a.jsonl", cloud_event(1, time="2025-02-01T00:30:00+01:00"))
    reader.run(events())
    assert reader.rows("usage", "used_at") == [(datetime(2025, 1, 31, 23, 30),)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"data": {"tokens": "NaN"}}, "NOT_A_NUMBER"),
        ({"data": {"tokens": float("nan")}}, "NOT_A_NUMBER"),
        ({"data": {"tokens": float("-inf")}}, "NOT_A_NUMBER"),
        ({"data": {"tokens": "ten"}}, "NOT_A_NUMBER"),
        ({"data": {"tokens": True}}, "NOT_A_NUMBER"),
        ({"data": {"tokens": 12345678901234567890}}, "AMOUNT_OUT_OF_RANGE"),
        ({"data": {}}, "MISSING_QUANTITY"),
        ({"data": None}, "MISSING_QUANTITY"),
        ({"id": None}, "MISSING_USAGE_ID"),
        ({"source": None}, "MISSING_USAGE_ID"),
        ({"subject": ""}, "MISSING_ACCOUNT_ID"),
        ({"type": None}, "MISSING_METER"),
        ({"time": None}, "MISSING_USED_AT"),
        ({"time": "yesterday"}, "NOT_A_DATE"),
        ({"time": "2999-01-01T00:00:00Z"}, "TIME_IN_FUTURE"),
    ],
)
def test_an_event_that_cannot_be_counted_is_a_problem_row_and_the_others_stay(reader: Reader, changes: dict[str, Any], code: str):
    reader.write("events/a.jsonl", "\n".join([cloud_event(1), cloud_event(2, **changes), cloud_event(3)]))
    reader.run(events())
    assert reader.problems("code, severity, row_number") == [(code, "rejected", 2)]
    assert reader.counts() == (3, 2, 0, 1)


def test_quantities_keep_their_digits_from_json_to_table(reader: Reader):
    written = ["0.1", "123456789012.345678", '"0.30"', "1e3", "-2.5", "0.000001"]
    lines = [
        cloud_event(0, id=f"e{n}", data="@").replace('"@"', '{"tokens": ' + number + "}") for n, number in enumerate(written)
    ]
    reader.write("events/a.jsonl", "\n".join(lines))
    reader.run(events())
    assert [str(row[1]) for row in reader.rows("usage", "usage_id, quantity")] == [
        "0.100000", "123456789012.345678", "0.300000", "1000.000000", "-2.500000", "0.000001",
    ]  # fmt: skip


def test_dimension_values_with_separators_are_percent_encoded(reader: Reader):
    reader.write("events/a.jsonl", cloud_event(1, data={"tokens": 1, "model": "a=b;c%", "region": "", "size": 1.5}))
    reader.run(events(dimensions=("data.size", "data.region", "data.model")))
    assert reader.rows("usage", "dimensions") == [("model=a%3Db%3Bc%25;size=1.5",)]


def test_copies_across_files_and_days_collapse_whenever_they_arrived_and_the_earliest_arrival_counts(reader: Reader):
    late = cloud_event(1, recordedtime="2025-02-03T00:00:00Z")
    reader.write("events/a.jsonl", late)
    reader.write("events/b.jsonl.gz", gzip.compress((cloud_event(1, recordedtime="2025-02-01T00:00:00Z") + "\n" + late).encode()))
    reader.run(events())
    assert reader.rows("usage", "usage_id, known_at, source_file") == [
        ("/eu/1|e1", datetime(2025, 2, 1), "events/b.jsonl.gz"),
    ]
    assert reader.problems("code, file") == [
        ("DUPLICATE_COLLAPSED", "events/a.jsonl"),
        ("DUPLICATE_COLLAPSED", "events/b.jsonl.gz"),
    ]
    assert reader.counts() == (3, 1, 2, 0)


def test_one_identifier_with_two_payloads_is_a_conflict_in_every_file(reader: Reader):
    reader.write("events/a.jsonl", cloud_event(1))
    reader.write("events/b.jsonl", cloud_event(1, data={"tokens": 2}))
    reader.write("events/c.jsonl", cloud_event(2, time="2025-02-01T00:00:00Z") + "\n" + cloud_event(2))
    reader.run(events())
    assert reader.rows("usage") == []
    assert reader.problems("code") == [("DUPLICATE_KEY_CONFLICT",)] * 4


@pytest.mark.parametrize(
    ("dedupe", "identifiers"),
    [
        ("id", []),
        ("source+id", ["/eu/1|e1", "/eu/2|e1"]),
        ("id+timestamp", ["e1|2025-01-31T23:59:59.500000Z", "e1|2025-02-01T00:00:00.000000Z"]),
    ],
)
def test_what_makes_two_records_the_same_one_is_a_setting(reader: Reader, dedupe: Any, identifiers: list[str]):
    lines = [cloud_event(1), cloud_event(1, source="/eu/2", time="2025-02-01T01:00:00+01:00", data={"tokens": 5}), cloud_event(1)]
    reader.write("events/a.jsonl", "\n".join(lines))
    reader.run(events(dedupe=dedupe))
    assert [row[0] for row in reader.rows("usage", "usage_id")] == identifiers


def test_a_segment_track_call_counts_for_its_group_and_other_calls_are_left_out(reader: Reader):
    call = {
        "type": "track", "messageId": "m1", "userId": "u1", "event": "Exported", "context": {"groupId": "g1", "ip": "1.2.3.4"},
        "timestamp": "2025-01-01T10:00:00.123Z", "originalTimestamp": "2024-12-31T10:00:00Z",
        "receivedAt": "2025-01-01T10:00:02Z",
        "properties": {"rows": "12.50", "plan": {"tier": "pro"}},
    }  # fmt: skip
    lines = [call, call | {"messageId": "m2", "context": {}}, {"type": "identify", "messageId": "m3", "userId": "u1"}]
    reader.write("events/a.jsonl", "\n".join(map(json.dumps, lines)))
    reader.run(events(preset="segment_track", value="properties.rows", dimensions=("properties.plan.tier",)))
    assert reader.rows("usage", "usage_id, account_id, meter, used_at, quantity, unique_key, dimensions, known_at") == [
        (name, account, "Exported", datetime(2025, 1, 1, 10, 0, 0, 123000), Decimal("12.5"), "u1", "tier=pro",
         datetime(2025, 1, 1, 10, 0, 2))
        for name, account in (("m1", "g1"), ("m2", "u1"))
    ]  # fmt: skip
    assert reader.problems("code, row_number") == [("NOT_TRACK", 3)]


def test_days_that_are_added_up_are_one_record_for_each_account_meter_day_and_dimensions(reader: Reader):
    header = "account_id,meter,day,region,quantity\n"
    reader.write("days/a.csv", header + "a,kwh,2025-01-01,eu,1.5\na,kwh,2025-01-01,us,2\na,kwh,2025-01-02,,3\na,kwh,soon,,3\n")
    reader.write("days/b.csv", header + "a,kwh,2025-01-02,,3\na,kwh,2025-01-01,us,9\n")
    reader.run(SourceConfig(name="d", table="usage", files=("days/*",), preset="usage_days", dimensions=("region",)))
    assert reader.rows("usage", "usage_id, used_at, quantity") == [
        ("a|kwh|2025-01-01|region=eu", datetime(2025, 1, 1, 12), Decimal("1.5")),
        ("a|kwh|2025-01-02|", datetime(2025, 1, 2, 12), Decimal(3)),
    ]
    assert reader.problems("code, file, row_number") == [
        ("DUPLICATE_COLLAPSED", "days/b.csv", 1),
        ("DUPLICATE_KEY_CONFLICT", "days/a.csv", 2),
        ("DUPLICATE_KEY_CONFLICT", "days/b.csv", 2),
        ("NOT_A_DATE", "days/a.csv", 4),
    ]


def test_a_plain_file_of_events_is_read_by_its_usual_names(reader: Reader):
    import duckdb

    reader.write("u/a.csv", "event_id,customer_id,event_name,timestamp,value\nx1,a,calls,2025-01-01 00:00:00,2\n")
    path = reader.folder / "u" / "b.parquet"
    duckdb.sql(
        "COPY (SELECT 'x2' AS transaction_id, 'a' AS external_customer_id, 'calls' AS code, TIMESTAMP '2025-01-02' AS timestamp, "
        f"0.1 :: DOUBLE AS quantity UNION ALL SELECT 'x3', 'a', 'calls', TIMESTAMP '2025-01-02', 'nan') TO '{path}'"
    )
    reader.run(SourceConfig(name="u", table="usage", files=("u/*",), preset="usage_events"))
    assert reader.rows("usage", "usage_id, quantity, used_at") == [
        ("x1", Decimal(2), datetime(2025, 1, 1)),
        ("x2", Decimal("0.1"), datetime(2025, 1, 2)),
    ]
    assert reader.problems() == [("NOT_A_NUMBER", 2)]


def test_the_future_begins_after_the_tolerance_from_arrival_or_from_the_files_own_time(reader: Reader):
    path = reader.write("events/a.jsonl", "\n".join(cloud_event(n, time=f"2025-03-0{n}T12:00:00Z") for n in (1, 2, 3)))
    os.utime(path, (1740830400, 1740830400))  # 2025-03-01 12:00 UTC
    reader.write("events/b.jsonl", cloud_event(5, time="2025-03-02T12:00:01Z", recordedtime="2025-03-01T12:00:00Z"))
    reader.run(events())
    assert reader.problems("code, file, row_number") == [
        ("TIME_IN_FUTURE", "events/a.jsonl", 3),
        ("TIME_IN_FUTURE", "events/b.jsonl", 1),
    ]
    reader.run(events(future_tolerance_hours=1, name="other"))
    assert reader.counts() == (4, 1, 0, 3)


def test_a_file_without_a_time_of_its_own_is_measured_by_the_clock(reader: Reader):
    os.utime(reader.write("events/a.jsonl", cloud_event(1)), (0, 0))
    reader.run(events())
    assert reader.counts() == (1, 1, 0, 0)


def test_records_beyond_the_late_window_are_rejected_only_when_the_source_has_one(reader: Reader):
    times = {"time": "2025-01-01T00:00:00Z"}
    lines = [
        cloud_event(1, recordedtime="2025-02-05T00:00:00Z", **times),
        cloud_event(2, recordedtime="2025-02-05T00:00:01Z", **times),
    ]
    reader.write("events/a.jsonl", "\n".join([*lines, cloud_event(3, **times)]))
    reader.run(events())
    assert reader.counts() == (3, 3, 0, 0)
    reader.run(events(late_window_days=35))
    assert reader.problems() == [("TOO_LATE", 2)]


def test_usage_that_nothing_prices_is_kept_with_one_warning_a_meter(reader: Reader):
    reader.write("events/a.jsonl", "\n".join([cloud_event(1), cloud_event(2, type="tokns"), cloud_event(3, type="tokns")]))
    reader.run(events(), known_meters=frozenset({"tokens"}))
    assert reader.counts() == (3, 3, 0, 0)
    [(code, severity, source, meter, row, message)] = reader.problems("code, severity, source, row_key, row_number, message")
    assert (code, severity, source, meter, row) == ("UNKNOWN_METER", "warning", "events", "tokns", 2)
    assert message.endswith("records of it: 2.")
    reader.run(events(), known_meters=frozenset({"tokens", "tokns"}))
    assert reader.problems() == []


def test_settings_of_usage_are_refused_where_they_mean_nothing(reader: Reader):
    with pytest.raises(ConfigurationError, match="sets value for table account"):
        SourceConfig(name="s", table="account", files=("a",), value="x")
    with pytest.raises(UnknownValueError, match="dedupe of table account"):
        SourceConfig(name="s", table="account", files=("a",), dedupe="id")
    with pytest.raises(ConfigurationError, match="says twice what the quantity is"):
        events(columns={"quantity": "1"})
    with pytest.raises(ConfigurationError, match="says twice what a dimension is"):
        events(dimensions=("data.model", "properties.model"))


def test_one_late_event_builds_its_file_its_month_and_the_comparison_of_keys_only(reader: Reader):
    months = [f"2024-{month:02d}" for month in range(1, 13)]
    for number, month in enumerate(months):
        reader.write(f"events/{month}.jsonl", cloud_event(number, time=f"{month}-15T00:00:00Z"))
    reader.run(events())
    before = reader.bytes_of("usage")
    reader.write("events/late.jsonl", cloud_event(99, time="2024-05-31T23:59:59Z", recordedtime="2025-01-02T00:00:00Z"))
    reader.run(events())
    assert reader.store.built == 3
    assert {month for month, digest in reader.bytes_of("usage").items() if before[month] != digest} == {"2024-05"}


def test_a_key_that_no_event_of_a_file_has_is_empty_there(reader: Reader):
    reader.write("events/a.jsonl", cloud_event(1))
    reader.write("events/b.jsonl", cloud_event(2, subject=None))
    reader.run(events())
    assert reader.problems("code, file") == [("MISSING_ACCOUNT_ID", "events/b.jsonl")]
    assert reader.counts() == (2, 1, 0, 1)


def corrections(files: str = "corrections/*", **changes: Any) -> SourceConfig:
    return SourceConfig(
        **({"name": "corrections", "table": "usage_correction", "files": (files,), "dedupe": "source+id"} | changes)
    )


def test_corrections_are_read_with_identifiers_made_like_those_of_the_records(reader: Reader):
    reader.write("events/a.jsonl", cloud_event(1) + "\n" + cloud_event(2))
    lines: list[dict[str, Any]] = [
        {
            "correction_id": "c1", "action": "amend", "source": "/eu/1", "usage_id": "e1", "quantity": "0.5",
            "known_at": "2025-03-01",
        },
        {"correction_id": "c2", "action": "withdraw", "source": "/eu/1", "usage_id": "e9", "known_at": "2025-03-01"},
        {
            "correction_id": "c3", "action": "backfill", "account_id": "acct_1", "known_at": "2025-03-01",
            "window_start": "2025-01-01", "window_end": "2025-02-01",
        },
    ]  # fmt: skip
    reader.write("corrections/a.jsonl", "\n".join(map(json.dumps, lines)))
    reader.run(events(), corrections())
    assert reader.rows("usage_correction", "correction_id, action, usage_id, quantity, window_end") == [
        ("c1", "amend", "/eu/1|e1", Decimal("0.5"), None),
        ("c2", "withdraw", "/eu/1|e9", None, None),
        ("c3", "backfill", None, None, datetime(2025, 2, 1)),
    ]
    assert reader.problems("code, row_key") == [("UNKNOWN_USAGE", "/eu/1|e9")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("c,amend,,1,2025-01-01,,,", "CORRECTION_WITHOUT_RECORD"),
        ("c,amend,u,,2025-01-01,,,", "AMENDMENT_WITHOUT_VALUE"),
        ("c,withdraw,u,,,,,", "CORRECTION_WITHOUT_TIME"),
        ("c,delete,u,,2025-01-01,,,", "UNKNOWN_VALUE"),
        ("c,amend,u,NaN,2025-01-01,,,", "NOT_A_NUMBER"),
        ("c,backfill,,,2025-01-01,a,2025-01-01,", "BACKFILL_WITHOUT_WINDOW"),
        ("c,backfill,,,2025-01-01,a,2025-01-02,2025-01-01", "BACKFILL_WITHOUT_WINDOW"),
        ("c,backfill,,,2025-01-01,,2025-01-01,2025-01-02", "BACKFILL_WITHOUT_WINDOW"),
    ],
)
def test_a_correction_that_does_not_say_enough_is_a_problem_row(reader: Reader, line: str, code: str):
    header = "correction_id,action,usage_id,quantity,known_at,account_id,window_start,window_end"
    reader.write("corrections/a.csv", f"{header}\nok,withdraw,u,,2025-01-01,,,\n{line}\n")
    reader.run(corrections(dedupe=None))
    assert reader.problems("code, row_number") == [(code, 2)]
    assert reader.counts() == (2, 1, 0, 1)
