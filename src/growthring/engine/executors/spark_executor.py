"""Spark: relations run as views of a session that multiplies money exactly, or not at all."""

import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from growthring.engine.dialects import transpile
from growthring.engine.executors.executor import Row, unavailable
from growthring.engine.relation import Relation
from growthring.kernel.errors import ConfigurationError

_INSTALL = (
    "Install it with `pip install growthring[spark]`, and Java 17 (for instance `apt-get install openjdk-17-jre-headless`)."
)


_CONSTRAINT_PROPAGATION = "spark.sql.constraintPropagation.enabled"
"""An optimisation that changes no figure and fails on unions of joins (`key not found` in UnionBase.rewriteConstraints)."""

Session: TypeAlias = Any
"""A pyspark.sql.SparkSession; not named, so that pyspark is needed only when Spark is used."""

DataFrame: TypeAlias = Any
"""A pyspark.sql.DataFrame."""


class SparkExecutor:
    """Temporary views of a Spark session.

    Args:
        session: A running session, whose settings are checked; without one a local session with the right settings is started.

    Raises:
        EngineUnavailableError: pyspark or Java is not installed.
        ConfigurationError: The session's settings would change figures.
    """

    name = "spark"
    dialect = "spark"
    settings: Mapping[str, str] = {
        "spark.sql.decimalOperations.allowPrecisionLoss": "false",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
    }

    def __init__(self, session: Session = None) -> None:
        self._owned = session is None
        self._session = _started(self.settings) if session is None else session
        wrong = {
            name: found
            for name, value in self.settings.items()
            if (found := self._session.conf.get(name).lower()) != value.lower()
        }
        if wrong:
            raise ConfigurationError(
                f"This Spark session would change figures: {', '.join(f'{name} is {value}' for name, value in wrong.items())}.",
                valid="Needed: " + ", ".join(f"{name} = {self.settings[name]}" for name in wrong) + ".",
                remedy="Set it when the session is built.",
            )
        self._session.conf.set(_CONSTRAINT_PROPAGATION, "false")
        self._folder = tempfile.TemporaryDirectory(prefix="growthring-spark-")
        self._views: dict[str, Any] = {}

    def put(self, name: str, table: pa.Table) -> None:
        """Copy an Arrow table under a name."""
        path = Path(self._folder.name) / f"{name}.parquet"
        pq.write_table(table, path)
        self._define(name, self._session.read.parquet(str(path)))

    def run(self, relations: Sequence[Relation], keep: Collection[str] | None = None) -> None:
        """Define relations in their order."""
        for each in relations:
            frame = self._session.sql(transpile(each.sql, self.dialect))
            kept = not each.is_light if keep is None else each.name in keep
            self._define(each.name, frame.localCheckpoint(eager=True) if kept else frame)

    def fetch(self, name: str) -> list[Row]:
        """Return the rows of a table or view."""
        return [tuple(row) for row in self._views[name].collect()]

    def close(self) -> None:
        """Drop the views, and stop the session if it was started here."""
        for name in self._views:
            self._session.catalog.dropTempView(name)
        self._views.clear()
        self._folder.cleanup()
        if self._owned:
            self._session.stop()

    def _define(self, name: str, frame: DataFrame) -> None:
        frame.createOrReplaceTempView(name)
        self._views[name] = frame


def _started(settings: Mapping[str, str]) -> Session:
    try:
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[*]").appName("growthring").config("spark.ui.enabled", "false")
        for name, value in settings.items():
            builder = builder.config(name, value)
        return builder.getOrCreate()
    except Exception as error:
        raise unavailable("Spark", _INSTALL, error) from error
