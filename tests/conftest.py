"""Fixtures for engines that a machine may lack, and the closing line that names those that ran."""

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import make_url

from tests.engines import OPTIONAL, REQUIRED, missing, postgres_binaries
from tests.postgres_server import postgres_server

settings.register_profile("suite", deadline=None, max_examples=15)
settings.load_profile("suite")

SHARED = Path(__file__).resolve().parents[2] / "shared"
"""Real data and worked cases that lie beside the project."""

_QUICK_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_SHARING = frozenset({"real", "operations", "cli", "revenue", "browser", "console"})
"""Folders of tests whose modules make a project once for all their tests."""
_FIXTURE_ENGINE = {"postgres_url": "postgres", "postgres_server_url": "postgres", "spark": "spark", "chdb": "clickhouse"}


def pytest_configure(config: pytest.Config) -> None:
    """Refuse names of engines that do not exist."""
    if unknown := REQUIRED - OPTIONAL.keys():
        raise pytest.UsageError(f"GROWTHRING_REQUIRE_ENGINES names {sorted(unknown)}; valid: {sorted(OPTIONAL)}.")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let tests that share something costly run in one worker: those on Spark, and those of a module that share a project."""
    from xdist.scheduler import LoadScopeScheduling

    class BySharing(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return shared_by(nodeid)

    return BySharing(config, log)


def shared_by(nodeid: str) -> str:
    """Return what tests of the same worker share: Spark, their module's project, or nothing but themselves."""
    file = nodeid.partition("::")[0]
    if "spark" in nodeid.casefold():
        return "spark"
    return file if _SHARING.intersection(file.split("/")) else nodeid


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose engine is not here, or fail it when the session requires that engine."""
    for name in sorted(_engines_of(item)):
        if why := missing(name):
            pytest.fail(why, pytrace=False) if name in REQUIRED else pytest.skip(why)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Note on the report which engines the test used."""
    report: Any = yield
    report.user_properties.extend(("engine", name) for name in sorted(_engines_of(item)) if report.when == "call")
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Write what tests have to say at the end; name the engines that ran and those that were not found."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    ran = {value for report in reports for name, value in getattr(report, "user_properties", []) if name == "engine"}
    for report in reports:
        for text in (value for name, value in getattr(report, "user_properties", []) if name == "closing lines"):
            terminalreporter.write_line(text)
    absent = {name: missing(name) for name in OPTIONAL if missing(name)}
    terminalreporter.write_line(f"engines run: {', '.join(['duckdb', *sorted(ran)])}")
    for name in sorted(absent):
        terminalreporter.write_line(f"engine not found: {absent[name]}")


def _engines_of(item: pytest.Item) -> set[str]:
    marked = {name for mark in item.iter_markers("engine") for name in mark.args}
    return marked | {_FIXTURE_ENGINE[name] for name in getattr(item, "fixturenames", ()) if name in _FIXTURE_ENGINE}


@pytest.fixture(scope="session")
def ringwood_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company, small, after a run: made by the first worker that asks for it, and changed by nobody."""
    return _made_once(tmp_path_factory, "ringwood", accounts=60, months=18)


@pytest.fixture(scope="session")
def ringwood_whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company as `make demo` makes it, after a run; changed by nobody."""
    return _made_once(tmp_path_factory, "ringwood-whole", accounts=300, months=36)


def _made_once(tmp_path_factory: pytest.TempPathFactory, name: str, *, accounts: int, months: int) -> Path:
    from growthring.operations.data.run import run
    from growthring.operations.setup import demo

    place = tmp_path_factory.getbasetemp()
    place = place.parent if os.environ.get("PYTEST_XDIST_WORKER") else place
    folder, done = place / name / "ringwood", place / f"{name}.done"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(_untouched(folder), ignore_errors=True)
            run(demo(folder, accounts=accounts, months=months))
            shutil.copytree(folder, _untouched(folder))
            done.touch()
    return folder


def _untouched(folder: Path) -> Path:
    return folder.parent / "untouched"


@pytest.fixture(scope="session")
def ringwood_to_copy(ringwood_once: Path) -> Path:
    """The sample company, small, to be copied: nobody opens it, so that nothing in it changes while it is copied."""
    return _untouched(ringwood_once)


@pytest.fixture(scope="session")
def ringwood_whole_to_copy(ringwood_whole: Path) -> Path:
    """The sample company as `make demo` makes it, to be copied."""
    return _untouched(ringwood_whole)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with real data and worked cases, which lies beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the shared folder is not beside the project")
    return SHARED


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    """Return the URL of a PostgreSQL server for the session: the one given, or one started from this machine's binaries."""
    if given := os.environ.get("GROWTHRING_TEST_POSTGRES_URL"):
        yield given
        return
    binaries = postgres_binaries()
    assert binaries is not None
    with postgres_server(binaries) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server_url: str) -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database that only this test sees."""
    import psycopg

    server = make_url(postgres_server_url).set(drivername="postgresql")
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a local Spark session with the settings that exact money needs."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.sql.decimalOperations.allowPrecisionLoss": "false",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "local"),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # each statement runs once or twice: compiling it well would take longer than running it
        "spark.driver.extraJavaOptions": f"{_QUICK_JVM} -Duser.timezone=UTC -Dderby.system.home={folder}",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[2]").appName("growthring-tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def chdb() -> Any:
    """Return the in-process ClickHouse."""
    import chdb as module

    return module
