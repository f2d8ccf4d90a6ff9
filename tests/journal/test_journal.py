import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from tests.journal.conftest import CLOSE, NOVEMBER

import growthring.journal
from growthring.journal.database import open_database
from growthring.journal.entries import Role, RunStatus, TagKind
from growthring.journal.journal import Journal
from growthring.journal.schema import METADATA, SCHEMA_VERSION
from growthring.kernel.errors import ClosedPeriodError, ConfigurationError, GrowthringError


def test_a_close_reads_back_as_it_was_recorded(journal: Journal) -> None:
    metrics = {"mrr": "412345.6700", "ndr": "1.0833333333333333"}
    close = journal.record_close(NOVEMBER, **(CLOSE | {"metrics": metrics}))
    assert journal.closes() == [close]
    assert journal.closes()[0].metrics == metrics
    assert close.closed_at.utcoffset() is not None


def test_policies_close_a_month_independently(journal: Journal) -> None:
    journal.record_close(NOVEMBER, **CLOSE)
    other = journal.record_close(NOVEMBER, **(CLOSE | {"policy_name": "chartmogul"}))
    assert other.revision == 1
    assert [close.policy_name for close in journal.closes(NOVEMBER)] == ["board", "chartmogul"]
    assert journal.closes(policy="chartmogul") == [other]
    assert journal.closes(NOVEMBER - 1) == []


def test_a_new_version_of_the_policy_does_not_open_a_closed_month(journal: Journal) -> None:
    journal.record_close(NOVEMBER, **CLOSE)
    with pytest.raises(ClosedPeriodError):
        journal.record_close(NOVEMBER, **(CLOSE | {"policy_version": "2"}))


def test_a_sign_off_needs_a_recorded_version_and_counts_once(journal: Journal) -> None:
    with pytest.raises(GrowthringError, match="Unknown policy version: board 1"):
        journal.sign_off("board", "1", Role.FINANCE, author="Kim")
    journal.record_policy("board", "1", digest="d1", text="", author="Kim")
    finance = journal.sign_off("board", "1", Role.FINANCE, author="Kim")
    assert journal.sign_off("board", "1", Role.FINANCE, author="Kim") == finance
    sales = journal.sign_off("board", "1", Role.SALES, author="Lee")
    assert journal.sign_offs() == [finance, sales]
    assert journal.sign_offs(known_at=finance.signed_at) == [finance]


def test_a_tag_needs_a_reason_and_months_in_order(journal: Journal) -> None:
    with pytest.raises(GrowthringError, match="No reason"):
        journal.tag("acme", NOVEMBER, NOVEMBER, TagKind.ONE_OFF, author="Kim", because=" ")
    with pytest.raises(GrowthringError, match="2011-10, before it starts in 2011-11"):
        journal.tag("acme", NOVEMBER, NOVEMBER - 1, TagKind.ONE_OFF, author="Kim", because="x")
    assert journal.tags(with_revoked=True) == []


def test_a_failed_run_keeps_its_message(journal: Journal) -> None:
    journal.start_run("r1")
    failed = journal.finish_run("r1", RunStatus.FAILED, snapshot_id="s", seconds=1.5, message="the ledger does not balance")
    assert journal.runs() == [failed]


def test_opening_twice_migrates_once_and_keeps_the_entries(place: str | Path) -> None:
    with Journal.open(place) as journal:
        close = journal.record_close(NOVEMBER, **CLOSE)
    with Journal.open(place) as journal:
        assert journal.closes() == [close]


def test_migrations_lead_to_the_tables_that_the_code_uses(place: str | Path) -> None:
    with Journal.open(place):
        pass
    engine = open_database(place)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_the_newest_migration_is_the_version_that_opens_without_migrating() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(growthring.journal.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


def test_a_current_journal_opens_without_the_migration_library(path: Path) -> None:
    with Journal.open(path):
        pass
    program = (
        "import sys; from growthring.journal.journal import Journal; Journal.open(sys.argv[1]); "
        "sys.exit(any(name.split('.')[0] == 'alembic' for name in sys.modules) + 2 * ('sqlalchemy.orm' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == 0


def test_a_journal_of_a_newer_release_is_left_alone(path: Path) -> None:
    with Journal.open(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="newer growthring"):
        Journal.open(path)


@pytest.mark.parametrize("place", ["mysql://host/db", "nonsense://x", "://"])
def test_a_place_that_cannot_hold_a_journal_is_refused_with_what_can(place: str) -> None:
    with pytest.raises(ConfigurationError, match="postgresql://"):
        Journal.open(place)


def test_the_driver_written_in_a_postgres_url_does_not_matter(postgres_url: str) -> None:
    with Journal.open(postgres_url.replace("postgresql:", "postgresql+psycopg:")) as journal:
        assert journal.closes() == []
