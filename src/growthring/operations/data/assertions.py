"""Assertions: figures the user knows, compared with the figures of the books."""

from dataclasses import dataclass
from decimal import Decimal

from growthring.kernel.errors import AssertionFailedError
from growthring.kernel.period import Month
from growthring.operations.answer import money
from growthring.operations.project import Assertion, Project
from growthring.operations.reading import read, undefined_because
from growthring.revenue.evaluation import Question, evaluate
from growthring.revenue.metrics import Unit, metric


@dataclass(frozen=True, slots=True)
class AssertionResult:
    """An assertion and what the books say.

    Attributes:
        assertion: What the user stated.
        actual: The figure of the books as text, or why there is none.
        holds: Whether it lies within the tolerance.
    """

    assertion: Assertion
    actual: str
    holds: bool

    @property
    def statement(self) -> str:
        """The assertion in words."""
        stated = self.assertion
        policy = f" under {stated.policy}" if stated.policy else ""
        return stated.that or f"{stated.metric} at {stated.at} is {stated.value} ± {stated.tolerance}{policy}"


def check_assertions(project: Project) -> list[AssertionResult]:
    """Compare every assertion of growthring.toml with the books."""
    return [_check(project, assertion) for assertion in project.settings.assertions]


def unanswerable(project: Project) -> list[AssertionResult]:
    """Return every assertion as one that does not hold, for books without any data."""
    reason = "undefined, because no data were accepted"
    return [AssertionResult(assertion, reason, holds=False) for assertion in project.settings.assertions]


def require_assertions(project: Project) -> None:
    """Stop unless every assertion holds.

    Raises:
        AssertionFailedError: Names each one that does not.
    """
    failed = [result for result in check_assertions(project) if not result.holds]
    if failed:
        told = "; ".join(f"{result.statement}, but it is {result.actual}" for result in failed)
        raise AssertionFailedError(
            f"What you know does not hold: {told}.",
            remedy="Correct the data, or the assertion in growthring.toml; `growthring explain` shows why.",
        )


def _check(project: Project, assertion: Assertion) -> AssertionResult:
    wanted = metric(assertion.metric)
    reading = read(project, policy=project.policy(assertion.policy or None), metric=wanted)
    month = Month.parse(assertion.at)
    points = evaluate(reading.ledger, Question(wanted, (month,)))
    denominator = points[0].denominator if points else None
    reason = undefined_because(reading, wanted, month, denominator, include_partial=True)
    if reason:
        return AssertionResult(assertion, reason, holds=False)
    raw = points[0].value if points else Decimal(0)
    is_money = wanted.unit in (Unit.MONEY_PER_MONTH, Unit.MONEY_PER_YEAR)
    if wanted.unit is Unit.COUNT:
        actual = Decimal(int(raw or 0))
    else:
        actual = Decimal(money(Decimal(raw or 0), reading.currency)) if is_money else Decimal(str(raw))
    expected = assertion.value if assertion.value is not None else Decimal(0)
    return AssertionResult(assertion, str(actual), abs(actual - expected) <= assertion.tolerance)
