"""One test for each invariant that the journal's README promises, on SQLite and on PostgreSQL."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from tests.journal.conftest import CLOSE, FORECAST, NOVEMBER, OVERRIDE

from growthring.journal.audit_trail import Outcome
from growthring.journal.database import open_database
from growthring.journal.entries import Role, RunStatus, TagKind
from growthring.journal.forecast_entries import (
    ForecastState,
    GrowthReason,
    OverrideLayer,
    OverrideMethod,
)
from growthring.journal.journal import Journal
from growthring.journal.schema import METADATA
from growthring.kernel.errors import ClosedPeriodError, GrowthringError

_APPEND = """
import sys
from growthring.journal.entries import TagKind
from growthring.journal.journal import Journal
with Journal.open(sys.argv[1]) as journal:
    for number in range(int(sys.argv[3])):
        journal.tag(f"{sys.argv[2]}-{number}", 24142, 24142, TagKind.ONE_OFF, author="a", because="b")
        print(number, flush=True)
"""


def _fill(journal: Journal) -> None:
    journal.record_close(NOVEMBER, **CLOSE)
    tag = journal.tag("acme", NOVEMBER, NOVEMBER, TagKind.ONE_OFF, author="Kim", because="migration")
    journal.revoke_tag(tag.tag_id, author="Kim", because="it repeats")
    journal.record_policy("board", "1", digest="d1", text="[policy]", author="Kim")
    journal.sign_off("board", "1", Role.FINANCE, author="Kim")
    journal.start_run("r1")
    journal.finish_run("r1")
    journal.record_audit(author="Kim", role="admin", deed="close", about="2011-11", outcome=Outcome.DONE)
    _fill_forecasts(journal)


def _fill_forecasts(journal: Journal) -> None:
    override = journal.add_override(OverrideLayer.REP, OverrideMethod.ADD, Decimal(5), account_id="acme", **OVERRIDE)
    journal.expire_override(override.override_id, author="Kim", because="it went live")
    event = journal.add_event(
        "rival raises prices", attribute=None, value=None, first_month=NOVEMBER, last_month=None, note="their blog", author="Kim"
    )
    journal.expire_event(event.event_id, author="Kim", because="they took it back")
    journal.add_reason("acme", NOVEMBER, NOVEMBER, GrowthReason.SEASONAL, evidence="holiday shop", author="Kim")
    journal.record_forecast("f1", "objects/f1", **FORECAST)
    journal.set_forecast_state("f1", ForecastState.SUBMITTED, author="Kim")
    journal.decide("commitment_price", "acme", "12 % off", note="their board asked", author="Kim")


@pytest.mark.parametrize("table", sorted(METADATA.tables))
@pytest.mark.parametrize("statement", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
def test_no_entry_is_ever_changed_or_removed(place: str | Path, journal: Journal, table: str, statement: str) -> None:
    _fill(journal)
    column = next(iter(METADATA.tables[table].c)).name
    engine = open_database(place)
    with engine.begin() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 1
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement.format(table=table, column=column)))
    engine.dispose()


def test_no_entry_is_replaced_through_an_insert(path: Path) -> None:
    with Journal.open(path) as journal:
        _fill(journal)
    engine = open_database(path)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text("INSERT OR REPLACE INTO run_end SELECT * FROM run_end"))
    engine.dispose()


def test_postgres_refuses_to_truncate(postgres_url: str) -> None:
    with Journal.open(postgres_url) as journal:
        _fill(journal)
    engine = open_database(postgres_url)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text("TRUNCATE run_end"))
    engine.dispose()


def test_a_reclose_is_a_further_revision_with_a_reason(journal: Journal) -> None:
    first = journal.record_close(NOVEMBER, **CLOSE)
    with pytest.raises(ClosedPeriodError, match="2011-11 is already closed under board"):
        journal.record_close(NOVEMBER, **CLOSE)
    with pytest.raises(ClosedPeriodError, match="needs a reason"):
        journal.record_close(NOVEMBER, **CLOSE, again=True)
    again = CLOSE | {"metrics": {"mrr": "412000.00"}, "because": "late credit note"}
    second = journal.record_close(NOVEMBER, **again, again=True)
    assert (first.revision, second.revision) == (1, 2)
    assert journal.closes(NOVEMBER) == [first, second]
    assert journal.latest_close(NOVEMBER, "board") == second
    assert journal.latest_close(NOVEMBER, "board", known_at=first.closed_at) == first
    assert journal.latest_close(NOVEMBER, "board", known_at=first.closed_at - timedelta(seconds=1)) is None


def test_a_revoked_tag_is_still_seen_as_of_an_earlier_time(journal: Journal) -> None:
    tag = journal.tag("acme", NOVEMBER, NOVEMBER + 2, TagKind.ADVISED_SAVING, author="Kim", because="x", product_id="etl")
    revoked = journal.revoke_tag(tag.tag_id, author="Lee", because="wrong account")
    assert revoked.revoked_by is not None
    assert journal.tags() == []
    assert journal.tags(with_revoked=True) == [revoked]
    assert journal.tags(known_at=tag.tagged_at) == [tag]
    assert journal.tags(known_at=tag.tagged_at - timedelta(seconds=1)) == []
    with pytest.raises(GrowthringError, match="Unknown tag"):
        journal.revoke_tag(tag.tag_id, author="Lee", because="again")


def test_an_override_taken_back_is_still_seen_as_of_an_earlier_time(journal: Journal) -> None:
    entry = journal.add_override(OverrideLayer.REP, OverrideMethod.ADD, Decimal("1200.50"), account_id="acme", **OVERRIDE)
    assert journal.overrides() == [entry]
    expired = journal.expire_override(entry.override_id, author="Lee", because="the project was stopped")
    assert journal.overrides() == []
    assert journal.overrides(with_expired=True) == [expired]
    assert journal.overrides(known_at=entry.recorded_at) == [entry]
    assert journal.overrides(known_at=entry.recorded_at - timedelta(seconds=1), with_expired=True) == []
    with pytest.raises(GrowthringError, match="Unknown override: 1"):
        journal.expire_override(entry.override_id, author="Lee", because="again")


def test_an_override_stops_counting_after_its_last_day(journal: Journal) -> None:
    entry = journal.add_override(
        OverrideLayer.TOPSIDE, OverrideMethod.MULTIPLY, Decimal("0.98"), expires_on=date(2011, 12, 31), **OVERRIDE
    )
    assert journal.overrides(known_at=datetime(2011, 12, 31, 23, 59, tzinfo=UTC)) == [entry]
    assert journal.overrides(known_at=datetime(2012, 1, 1, tzinfo=UTC)) == []
    assert journal.overrides(known_at=datetime(2012, 1, 1, tzinfo=UTC), with_expired=True) == [entry]


def test_an_external_event_taken_back_is_still_seen_as_of_an_earlier_time(journal: Journal) -> None:
    event = journal.add_event(
        "API change", attribute="industry", value="retail", first_month=NOVEMBER, last_month=None, note="blog", author="Kim"
    )
    gone = journal.expire_event(event.event_id, author="Kim", because="it was put off")
    assert (journal.events(), journal.events(with_expired=True), journal.events(known_at=event.recorded_at)) == (
        [],
        [gone],
        [event],
    )


def test_a_published_forecast_has_one_content_for_good(journal: Journal) -> None:
    first = journal.record_forecast("f1", "objects/f1", **FORECAST)
    assert journal.record_forecast("f1", "objects/f1", **(FORECAST | {"author": "Lee"})) == first
    with pytest.raises(GrowthringError, match="never changes"):
        journal.record_forecast("f1", "objects/f2", **FORECAST)
    assert journal.forecasts() == [first]


def test_a_forecast_is_submitted_approved_and_locked_and_then_stays(journal: Journal) -> None:
    first = journal.record_forecast("f1", "objects/f1", **FORECAST)
    with pytest.raises(GrowthringError, match="f1 is open; it cannot become locked"):
        journal.set_forecast_state("f1", ForecastState.LOCKED, author="Kim")
    journal.set_forecast_state("f1", ForecastState.SUBMITTED, author="Kim")
    with pytest.raises(GrowthringError, match="No reason"):
        journal.set_forecast_state("f1", ForecastState.OPEN, author="Lee")
    journal.set_forecast_state("f1", ForecastState.APPROVED, author="Lee")
    locked = journal.set_forecast_state("f1", ForecastState.LOCKED, author="Lee")
    assert journal.forecasts() == [locked]
    assert [step.state for step in locked.changes] == ["submitted", "approved", "locked"]
    assert journal.forecasts(known_at=first.recorded_at) == [first]
    with pytest.raises(GrowthringError, match="a locked forecast stays"):
        journal.set_forecast_state("f1", ForecastState.OPEN, author="Kim", because="please")
    with pytest.raises(GrowthringError, match="Unknown forecast: f2"):
        journal.set_forecast_state("f2", ForecastState.SUBMITTED, author="Kim")


def test_the_audit_trail_holds_what_was_refused_and_no_figure_depends_on_it(journal: Journal) -> None:
    before = journal.stamp()
    journal.record_audit(author="Ana", role="approver", deed="close", about="month: 2011-11", outcome=Outcome.DONE)
    journal.record_audit(author="Bo", role="viewer", deed="close", about="x" * 9_000, outcome=Outcome.REFUSED, detail="ro\0le")
    assert journal.stamp() == before
    refused, done = journal.audit()
    assert (refused.author, refused.outcome, refused.detail, len(refused.about)) == ("Bo", Outcome.REFUSED, "role", 2_000)
    assert (done.author, done.outcome) == ("Ana", Outcome.DONE) and done.recorded_at <= refused.recorded_at
    assert [entry.author for entry in journal.audit(find="2011")] == ["Ana"]
    assert [entry.author for entry in journal.audit(limit=1, offset=1)] == ["Ana"]
    assert (journal.audit_count(), journal.audit_count(find="%"), journal.audit_count(find="VIEWER")) == (2, 0, 1)


def test_a_version_of_a_policy_has_one_content_for_good(journal: Journal) -> None:
    first = journal.record_policy("board", "1", digest="d1", text="a = 1", author="Kim", because="start")
    assert journal.record_policy("board", "1", digest="d1", text="a = 1", author="Lee") == first
    with pytest.raises(GrowthringError, match="new version"):
        journal.record_policy("board", "1", digest="d2", text="a = 2", author="Lee")
    second = journal.record_policy("board", "2", digest="d2", text="a = 2", author="Lee", because="GRR cap")
    assert journal.policies() == [first, second]
    assert journal.policies(known_at=first.changed_at) == [first]


def test_a_run_without_an_end_is_running_until_somebody_records_that_it_was_killed(journal: Journal) -> None:
    started = journal.start_run("r1")
    assert [run.status for run in journal.runs()] == [RunStatus.RUNNING]
    ended = journal.finish_run("r1", RunStatus.KILLED, message="found without an end")
    assert journal.runs() == [ended]
    assert ended.seconds == 60
    assert journal.runs(known_at=started.started_at) == [started]
    with pytest.raises(GrowthringError, match="Unknown running run"):
        journal.finish_run("r1")


def test_two_processes_that_append_at_once_lose_nothing_and_keep_the_order_of_time(place: str | Path) -> None:
    def append(name: str) -> int:
        command = [sys.executable, "-c", _APPEND, str(place), name, "40"]
        return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode

    with ThreadPoolExecutor() as pool:  # both also create the journal at once
        assert list(pool.map(append, ("left", "right"))) == [0, 0]
    with Journal.open(place) as journal:
        tags = journal.tags()
    assert {tag.account_id for tag in tags} == {f"{side}-{number}" for side in ("left", "right") for number in range(40)}
    assert [tag.tagged_at for tag in tags] == sorted(tag.tagged_at for tag in tags)


@pytest.mark.parametrize("milliseconds", [0, 3, 7, 13, 29])
def test_a_process_killed_while_it_appends_leaves_every_entry_it_had_acknowledged(path: Path, milliseconds: int) -> None:
    command = [sys.executable, "-c", _APPEND, str(path), "acme", "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline() for _ in range(5)]
        time.sleep(milliseconds / 1000)
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += process.stdout.read().split()
    with Journal.open(path) as journal:
        accounts = [tag.account_id for tag in journal.tags()]
        journal.tag("after", NOVEMBER, NOVEMBER, TagKind.ONE_OFF, author="Kim", because="still writable")
    # an entry can be in the journal without its acknowledgement having been printed, never the other way round
    assert len(accounts) - len(acknowledged) in (0, 1)
    assert accounts == [f"acme-{number}" for number in range(len(accounts))]
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_process_killed_while_it_creates_the_journal_leaves_none_or_a_whole_one(path: Path) -> None:
    for milliseconds in (250, 350, 450, 550):
        command = [sys.executable, "-c", _APPEND, str(path), "acme", "0"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            time.sleep(milliseconds / 1000)
            process.kill()
        with Journal.open(path) as journal:
            _fill(journal)
            assert len(journal.closes()) == 1
        for file in path.parent.iterdir():
            file.unlink()


def test_a_sqlite_journal_syncs_every_commit_and_lets_readers_in_while_it_writes(path: Path) -> None:
    with Journal.open(path):
        pass
    engine = open_database(path)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    engine.dispose()


def test_triggers_also_hold_for_programs_that_are_not_growthring(path: Path) -> None:
    with Journal.open(path) as journal:
        _fill(journal)
    engine = create_engine(f"sqlite:///{path}")
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text("DELETE FROM period_close"))
    engine.dispose()
