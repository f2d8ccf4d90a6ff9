"""Corrections of usage: what is in force as of an instant, on every engine and against a plain reference."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.engine.catalog import create_empty
from growthring.engine.dialects import DIALECTS, transpile
from growthring.engine.duckdb_session import connect
from growthring.engine.executors import EXECUTORS, Executor
from growthring.engine.portable import violations
from growthring.engine.relation import Relation, relation
from growthring.tables.usage import USAGE
from growthring.tables.usage_correction import USAGE_CORRECTION
from tests.parity.conftest import opened  # noqa: F401
from tests.parity.lacks import engine_cases

START = datetime(2025, 1, 1)


@dataclass(frozen=True)
class Record:
    usage_id: str
    known: int
    used: int = 0
    quantity: Decimal = Decimal(1)
    account_id: str = "a"
    meter: str = "m"


@dataclass(frozen=True)
class Correction:
    correction_id: str
    known: int
    action: str
    usage_id: str | None = None
    quantity: Decimal | None = None
    used: int | None = None
    meter: str | None = None
    window: tuple[int, int] | None = None
    account_id: str | None = None


def hour(number: int | None) -> datetime | None:
    return None if number is None else START + timedelta(hours=number)


def current(as_of: int) -> Relation:
    return relation("growthring.pricing.metering", "current_usage", {"as_of": hour(as_of)})


def opened_with(records: Iterable[Record], corrections: Iterable[Correction]) -> duckdb.DuckDBPyConnection:
    connection = connect()
    create_empty(connection, USAGE)
    create_empty(connection, USAGE_CORRECTION)
    for each in records:
        _insert(
            connection, "usage", usage_id=each.usage_id, account_id=each.account_id, product_id="p", meter=each.meter,
            used_at=hour(each.used), quantity=each.quantity, operation="add", known_at=hour(each.known), source_file="f",
            source_row=1,
        )  # fmt: skip
    for item in corrections:
        start, end = item.window or (None, None)
        _insert(
            connection, "usage_correction", correction_id=item.correction_id, action=item.action, usage_id=item.usage_id,
            quantity=item.quantity, used_at=hour(item.used), account_id=item.account_id, meter=item.meter,
            window_start=hour(start), window_end=hour(end), known_at=hour(item.known), source_file="f", source_row=1,
        )  # fmt: skip
    return connection


def _insert(connection: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    marks = ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


Seen = tuple[str, datetime | None, Decimal, datetime | None]


def in_force(records: Iterable[Record], corrections: Iterable[Correction], as_of: int) -> list[Seen]:
    with opened_with(records, corrections) as connection:
        return connection.execute(
            f"SELECT usage_id, used_at, quantity, known_at FROM ({current(as_of).sql}) ORDER BY 1"
        ).fetchall()


def reference(records: Iterable[Record], corrections: Iterable[Correction], as_of: int) -> list[Seen]:
    """Say record by record what is in force, without SQL."""
    known = [each for each in corrections if each.known <= as_of]
    seen: list[Seen] = []
    for record in records:
        touching = [each for each in known if _touches(each, record)]
        last = max(touching, key=lambda each: (each.known, each.correction_id), default=Correction("", record.known, "amend"))
        if record.known <= as_of and last.action == "amend":
            used = record.used if last.used is None else last.used
            quantity = record.quantity if last.quantity is None else last.quantity
            seen.append((record.usage_id, hour(used), quantity, hour(max(record.known, last.known))))
    return sorted(seen)


def _touches(correction: Correction, record: Record) -> bool:
    if correction.action != "backfill":
        return correction.usage_id == record.usage_id
    start, end = correction.window or (0, 0)
    return (
        correction.account_id == record.account_id
        and correction.meter in (None, record.meter)
        and start <= record.used < end
        and record.known < correction.known
    )


RECORD = Record("u", known=1, quantity=Decimal(5))


def test_an_amendment_counts_from_when_it_became_known_and_earlier_views_keep_the_old_record():
    amendment = Correction("c", known=10, action="amend", usage_id="u", quantity=Decimal("0.000001"), used=2)
    assert in_force([RECORD], [amendment], 9) == [("u", hour(0), Decimal(5), hour(1))]
    assert in_force([RECORD], [amendment], 10) == [("u", hour(2), Decimal("0.000001"), hour(10))]


def test_an_amendment_leaves_what_it_does_not_name():
    assert in_force([RECORD], [Correction("c", 10, "amend", "u", quantity=Decimal(7))], 10)[0][1:3] == (hour(0), Decimal(7))
    assert in_force([RECORD], [Correction("c", 10, "amend", "u", used=3)], 10)[0][1:3] == (hour(3), Decimal(5))


def test_a_withdrawn_record_does_not_count_from_then_on_and_can_be_amended_back():
    withdrawal = Correction("c1", 10, "withdraw", "u")
    assert [len(in_force([RECORD], [withdrawal], as_of)) for as_of in (0, 1, 9, 10, 11)] == [0, 1, 1, 0, 0]
    again = Correction("c2", 12, "amend", "u", quantity=Decimal(6))
    assert [row[2] for row in in_force([RECORD], [withdrawal, again], 12)] == [Decimal(6)]


def test_of_two_corrections_known_at_once_the_one_with_the_greater_identifier_counts():
    both = [Correction("c2", 10, "amend", "u", quantity=Decimal(2)), Correction("c1", 10, "amend", "u", quantity=Decimal(1))]
    assert in_force([RECORD], both, 10) == in_force([RECORD], both[::-1], 10)
    assert in_force([RECORD], both, 10)[0][2] == Decimal(2)


def test_a_backfill_removes_what_was_known_of_its_half_open_window_and_what_is_sent_after_it_counts():
    backfill = Correction("c", 10, "backfill", account_id="a", meter="m", window=(0, 24))
    records = [
        replace(RECORD, usage_id="inside"),
        replace(RECORD, usage_id="at its end", used=24),
        replace(RECORD, usage_id="before", used=-1),
        replace(RECORD, usage_id="other meter", meter="n"),
        replace(RECORD, usage_id="other account", account_id="b"),
        replace(RECORD, usage_id="sent again", known=10),
    ]
    assert [row[0] for row in in_force(records, [backfill], 9)] == [
        "at its end",
        "before",
        "inside",
        "other account",
        "other meter",
    ]
    assert [row[0] for row in in_force(records, [backfill], 10)] == [
        "at its end", "before", "other account", "other meter", "sent again",
    ]  # fmt: skip
    assert "other meter" not in [row[0] for row in in_force(records, [replace(backfill, meter=None)], 10)]


_HOURS = st.integers(0, 6)
_RECORDS = st.lists(
    st.builds(Record, st.sampled_from("uvwxyz"), _HOURS, _HOURS, st.sampled_from([Decimal(1), Decimal("2.5")]),
              st.sampled_from("ab"), st.sampled_from("mn")),
    max_size=6, unique_by=lambda each: each.usage_id,
)  # fmt: skip
_BY_RECORD = st.builds(
    Correction, st.text("0123456789", min_size=3, max_size=3), _HOURS, st.sampled_from(["amend", "withdraw"]),
    st.sampled_from("uvwxyz"), st.none() | st.just(Decimal(9)), st.none() | _HOURS,
)  # fmt: skip
_BY_WINDOW = st.builds(
    Correction, st.text("0123456789", min_size=3, max_size=3), _HOURS, st.just("backfill"), meter=st.sampled_from([None, "m"]),
    window=st.tuples(_HOURS, _HOURS), account_id=st.sampled_from("ab"),
)  # fmt: skip
_CORRECTIONS = st.lists(_BY_RECORD | _BY_WINDOW, max_size=6, unique_by=lambda each: each.correction_id)


@given(_RECORDS, _CORRECTIONS, _HOURS)
def test_the_relation_agrees_with_the_reference(records: list[Record], corrections: list[Correction], as_of: int):
    assert in_force(records, corrections, as_of) == reference(records, corrections, as_of)


@given(_RECORDS, _HOURS)
def test_without_corrections_usage_is_what_was_known(records: list[Record], as_of: int):
    assert [row[0] for row in in_force(records, [], as_of)] == sorted(each.usage_id for each in records if each.known <= as_of)


def test_the_relation_is_portable_and_yields_the_columns_of_usage():
    sql = current(5).sql
    assert violations(sql) == []
    assert all(transpile(sql, dialect) for dialect in DIALECTS)
    with opened_with([], []) as connection:
        found = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {sql}").fetchall()}
    assert found == {column.name: column.type.value for column in USAGE.columns}


@pytest.mark.parametrize(
    ("engine", "case"), engine_cases("corrections", engines=tuple(name for name in EXECUTORS if name != "duckdb"))
)
def test_engines_agree_on_what_is_in_force(engine: str, case: str, opened: Callable[[str], Executor]) -> None:  # noqa: F811
    records = [Record(f"u{n}", n % 7, n % 5, Decimal(n) / 8, "ab"[n % 2], "mn"[n % 3 % 2]) for n in range(60)]
    corrections = [
        Correction(f"c{n}", n % 9, "amend" if n % 2 else "withdraw", f"u{n}", Decimal(n) if n % 3 else None, n % 4)
        for n in range(20)
    ]
    corrections.append(Correction("d", 5, "backfill", account_id="a", meter=None, window=(1, 3)))
    executor = opened(engine)
    with opened_with(records, corrections) as connection:
        for table in ("usage", "usage_correction"):
            executor.put(table, connection.table(table).to_arrow_table())
        executor.run([current(6)], keep={"current_usage"})
        expected = connection.execute(current(6).sql).fetchall()
    assert 0 < len(expected) < 60
    assert _plain(executor.fetch("current_usage")) == _plain(expected)


def _plain(rows: Iterable[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return sorted(tuple(f"{value:f}" if isinstance(value, Decimal) else str(value) for value in row) for row in rows)
