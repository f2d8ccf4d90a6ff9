"""What an engine cannot do, in three words: notimpl (we have not written it), notyet (the engine may learn it), never."""

from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing one engine cannot do; its test must fail, so that a lack that ends is noticed.

    Attributes:
        engine: The engine.
        case: The test case, as its test names it.
        word: ``notimpl``, ``notyet`` or ``never``.
        reason: Why.
    """

    engine: str
    case: str
    word: str
    reason: str


LACKS = (
    Lack("clickhouse", "days_before_1900", "never", "Date32 knows the years 1900 to 2299; other days count as the first or last"),
)
"""Everything that some engine cannot do; metrics, policies and relations have no entry."""


def engine_cases(*cases: str, engines: tuple[str, ...]) -> list[object]:
    """Return pytest parameters (engine, case), each needing its engine and expected to fail where it lacks the case."""
    return [pytest.param(engine, case, id=f"{engine}-{case}", marks=_marks(engine, case)) for engine in engines for case in cases]


def _marks(engine: str, case: str) -> list[pytest.MarkDecorator]:
    marks = [] if engine == "duckdb" else [pytest.mark.engine(engine)]
    lacks = [each for each in LACKS if (each.engine, each.case) == (engine, case)]
    return marks + [pytest.mark.xfail(strict=True, reason=f"{each.word}: {each.reason}") for each in lacks]
