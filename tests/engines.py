"""The analytic engines a test session found, and how to get those it did not find."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REQUIRED = frozenset(filter(None, os.environ.get("GROWTHRING_REQUIRE_ENGINES", "").replace(" ", ",").split(",")))
"""Engines without which the session fails instead of skipping."""


def postgres_binaries() -> Path | None:
    """Return the folder with PostgreSQL's server programs, the newest version first."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(versions, key=lambda path: float(path.parts[-3]))
    return newest[-1].parent if newest else None


def _lacks_postgres() -> str:
    if os.environ.get("GROWTHRING_TEST_POSTGRES_URL"):
        return ""
    if postgres_binaries() is None:
        return "install a PostgreSQL server (apt-get install postgresql), or set GROWTHRING_TEST_POSTGRES_URL"
    return _lacks_module("psycopg", "postgres")


def _lacks_spark() -> str:
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        return "install Java 17 (apt-get install openjdk-17-jre-headless)"
    return _lacks_module("pyspark", "spark")


def _lacks_clickhouse() -> str:
    return _lacks_module("chdb", "clickhouse")


def _lacks_module(module: str, extra: str) -> str:
    return "" if importlib.util.find_spec(module) else f'install the Python package (make setup ENGINES="{extra}")'


@dataclass(frozen=True, slots=True)
class OptionalEngine:
    """An engine that a machine may lack.

    Attributes:
        name: As in ``GROWTHRING_REQUIRE_ENGINES`` and in ``@pytest.mark.engine``.
        lacks: Returns what to do to get it, or empty text when it is here.
    """

    name: str
    lacks: Callable[[], str]


OPTIONAL = {
    engine.name: engine
    for engine in (
        OptionalEngine("postgres", _lacks_postgres),
        OptionalEngine("spark", _lacks_spark),
        OptionalEngine("clickhouse", _lacks_clickhouse),
    )
}


def missing(name: str) -> str:
    """Return why an engine cannot be used here, with the way to get it, or empty text."""
    remedy = OPTIONAL[name].lacks()
    return f"{name} is not on this machine: {remedy}" if remedy else ""
