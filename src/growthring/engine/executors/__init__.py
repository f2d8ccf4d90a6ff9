"""Engines that can run the relations: DuckDB at home, Postgres, Spark and ClickHouse where the data already lie."""

from growthring.engine.executors.executor import Executor, Row
from growthring.engine.executors.opening import EXECUTORS, open_executor

__all__ = ["EXECUTORS", "Executor", "Row", "open_executor"]
