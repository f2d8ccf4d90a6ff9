"""Compare: the bridge between two policies, switch by switch, customer by customer; its rows sum to the gap."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from growthring.kernel.errors import ConfigurationError
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, unit_name
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, undefined_because
from growthring.operations.revenue.names import names_of
from growthring.operations.revenue.show import View, period_asked
from growthring.revenue.evaluation import Question, contributions_sql, standalone_sql
from growthring.revenue.metrics import Combine, Metric, Unit, metric
from growthring.revenue.policy import GrrCap, NdrVariant, Policy

_NOTHING = (Fraction(0), Fraction(0))

Shares = dict[str, dict[int, tuple[Fraction, Fraction]]]
"""Numerator and denominator of each customer in each rate that is averaged; one rate, under 0, unless the policy averages."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A figure on the way from one policy to the other.

    Attributes:
        switches: The fields changed to get here, as ``field: before → after``; empty for the first policy.
        value: The figure, exact.
        shares: What each customer contributes.
        totals: What they add up to, by rate.
    """

    switches: str
    value: Fraction
    shares: Shares
    totals: dict[int, tuple[Fraction, Fraction]]


def compare(
    project: Project, name: str, first: str, second: str, view: View, *, top: int = 20, progress: Progress = silent
) -> Answer:
    """Answer why a metric differs between two policies.

    Fields are switched one after the other in the order of the policy's fields; each row is one customer under one switch.

    Args:
        project: The project.
        name: Metric name; a sum or a ratio.
        first: Name of the policy to start from.
        second: Name of the policy to end at.
        view: The month.
        top: Customers listed for each switch, the rest in one row; 0 lists all.
        progress: Told about the ledgers that have to be computed.
    """
    return _gap(_compared(project, name, first, second, view, progress), first, second, top)


def _gap(found: "_Compared", first: str, second: str, top: int) -> Answer:
    wanted, stages, reading, name = found.metric, found.stages, found.reading, found.metric.name
    gap = stages[-1].value - stages[0].value
    return Answer(
        metric=name,
        value=_written(gap, wanted),
        unit=unit_name(wanted.unit, reading.currency),
        at=str(found.month),
        definition=(
            f"{name} is {_figure(stages[0].value, wanted)} under {first} and {_figure(stages[-1].value, wanted)} under {second}; "
            "the figure is the gap, each row what one switch changed for one customer."
        ),
        policy={"name": f"{first} → {second}", "version": f"{found.versions[0]} → {found.versions[1]}"},
        snapshot=reading.snapshot.snapshot_id,
        rows=_rows(stages, wanted, top),
        sql=standalone_sql(reading.ledger, Question(wanted, (found.month,), found.period)),
        caveats=[
            f"{first}: {_written(stages[0].value, wanted)}; {second}: {_written(stages[-1].value, wanted)}.",
            "Switches are turned in the order of the policy's fields; where two interact, the later one carries the interaction.",
            *caveats(reading, [found.month]),
        ],
    )


def policy_bridge(
    project: Project, name: str, first: str, second: str, view: View, *, top: int = 200, progress: Progress = silent
) -> Answer:
    """Answer the same as `compare`, step by step: what each switch changed, then for which customers.

    Rows come in kinds: ``step`` (the figure under the first policy, what each switch adds to it, the figure under the second) and
    ``customer`` (what one switch changed for one customer, with the customer's name). Steps sum to the gap, and so do customers.

    Args:
        project: The project.
        name: Metric name; a sum or a ratio.
        first: Name of the policy to start from.
        second: Name of the policy to end at.
        view: The month.
        top: Customers listed for each switch, the rest in one row; 0 lists all.
        progress: Told about the ledgers that have to be computed.
    """
    found = _compared(project, name, first, second, view, progress)
    answer = _gap(found, first, second, top)
    wanted, stages = found.metric, found.stages
    names = names_of(found.reading, {row["customer"] for row in answer.rows})
    steps = [
        {"kind": "step", "step": after.switches, "amount": _written(after.value - before.value, wanted),
         "customers": sum(1 for effect in _effects(before, after, wanted).values() if effect)}
        for before, after in pairwise(stages)
    ]  # fmt: skip
    answer.rows[:] = [
        {"kind": "step", "step": "first", "amount": _written(stages[0].value, wanted), "customers": None},
        *steps,
        {"kind": "step", "step": "second", "amount": _written(stages[-1].value, wanted), "customers": None},
        *({"kind": "customer", "name": names.get(row["customer"], row["customer"]), **row} for row in answer.rows),
    ]
    return answer


@dataclass(frozen=True, slots=True)
class _Compared:
    """A metric on the way from one policy to the other."""

    metric: Metric
    stages: list[Stage]
    reading: Reading
    month: Month
    period: PeriodKind
    versions: tuple[str, str]


def _compared(project: Project, name: str, first: str, second: str, view: View, progress: Progress) -> _Compared:
    wanted = metric(name)
    if wanted.combine not in (Combine.SUM, Combine.RATIO):
        raise ConfigurationError(
            f"{name} does not add up over customers.", remedy="Compare a sum or a ratio, such as mrr or ndr."
        )
    path = policy_path(project.policy(first), project.policy(second))
    stages: list[Stage] = []
    reading = None
    for switches, policy in path:
        reading = view.read(project, policy, wanted, progress)
        month, period = period_asked(reading, view)
        stages.append(_stage(reading, Question(wanted, (month,), period), switches, view))
    assert reading is not None  # noqa: S101 - a path has at least its first policy
    return _Compared(wanted, stages, reading, month, period, (path[0][1].version, path[-1][1].version))


def policy_path(first: Policy, second: Policy) -> list[tuple[str, Policy]]:
    """Return the policies from one to the other, each with the switches turned to get there.

    Switches that make no valid policy alone are turned together with the next ones.
    """
    here, there = first.switches, second.switches
    path: list[tuple[str, Policy]] = [("", first)]
    waiting: dict[str, Any] = {}
    current = first
    for name, value in there.items():
        if here[name] == value:
            continue
        waiting[name] = value
        try:
            current = current.replace(**waiting)
        except ValidationError:
            continue
        path.append((", ".join(f"{each}: {_told(here[each])} → {_told(new)}" for each, new in waiting.items()), current))
        waiting = {}
    return path


def _told(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ", ".join(f"{each.get('attribute')}={each.get('value')}" for each in value)
    return "none" if value in (None, [], "") else str(value)


def _stage(reading: Reading, question: Question, switches: str, view: View) -> Stage:
    wanted, month = question.metric, question.months[-1]
    averaged = wanted.relation == "retention" and reading.policy.ndr is NdrVariant.AVERAGE_4Q
    shares: Shares = defaultdict(lambda: defaultdict(lambda: _NOTHING))
    totals: dict[int, tuple[Fraction, Fraction]] = defaultdict(lambda: _NOTHING)
    rows = reading.ledger.connection.execute(contributions_sql(reading.ledger, question)).fetchall()
    for _, sub, entity, _, numerator, denominator in rows:
        rate = sub if averaged else 0
        added = (Fraction(numerator), Fraction(denominator or 0))
        shares[entity][rate] = _plus(shares[entity][rate], added)
        totals[rate] = _plus(totals[rate], added)
    if wanted.combine is Combine.SUM:
        return Stage(switches, totals[0][0], shares, totals)
    base = all(totals.values()) and all(denominator for _, denominator in totals.values())
    reason = undefined_because(
        reading, wanted, month, Decimal(1) if base else None, include_partial=view.include_partial, period=question.period
    )
    if reason:
        under = f"{reading.policy.name} ({switches})" if switches else reading.policy.name
        raise ConfigurationError(
            f"{wanted.name} at {month} under {under} is {reason}.",
            remedy="Compare at another month.",
        )
    value = sum((n / d for n, d in totals.values()), Fraction(0)) / len(totals)
    if wanted.name == "grr" and reading.policy.grr_cap is GrrCap.TOTAL:
        value = min(value, Fraction(1))
    return Stage(switches, value, shares, totals)


def _plus(one: tuple[Fraction, Fraction], other: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction]:
    return one[0] + other[0], one[1] + other[1]


def _rows(stages: list[Stage], wanted: Metric, top: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for before, after in pairwise(stages):
        effects = {entity: effect for entity, effect in _effects(before, after, wanted).items() if effect}
        ranked = sorted(effects, key=lambda entity: (-abs(effects[entity]), entity))
        listed = ranked[:top] if top else ranked
        rows += [{"switch": after.switches, "customer": entity, "effect": _written(effects[entity], wanted)} for entity in listed]
        others = ranked[len(listed) :]
        if others:
            total = sum((effects[entity] for entity in others), Fraction(0))
            rows.append(
                {"switch": after.switches, "customer": f"({len(others)} other customers)", "effect": _written(total, wanted)}
            )
    return rows


def _effects(before: Stage, after: Stage, wanted: Metric) -> dict[str, Fraction]:
    """Return what a switch changed for each customer; the effects sum to the change of the value.

    For a ratio N/D a customer's effect is (Δn − R·Δd) / D′, with R the ratio before and D′ the denominator after: nothing for
    customers that the switch leaves as they were. Averaged rates are treated one by one. When a switch changes which rates are
    averaged, no customer stays as it was, and the effect is the difference of the shares.
    """
    entities = before.shares.keys() | after.shares.keys()
    if wanted.combine is Combine.SUM:
        return {entity: _of(after, entity, 0)[0] - _of(before, entity, 0)[0] for entity in entities}
    if before.totals.keys() == after.totals.keys():
        effects = {entity: _change(before, after, entity) for entity in entities}
    else:
        effects = {entity: _share(after, entity) - _share(before, entity) for entity in entities}
    residual = (after.value - before.value) - sum(effects.values(), Fraction(0))
    if residual:
        effects["(cap on the total)"] = residual
    return effects


def _change(before: Stage, after: Stage, entity: str) -> Fraction:
    total = Fraction(0)
    for rate, (_, over) in after.totals.items():
        ratio = before.totals[rate][0] / before.totals[rate][1]
        n, d = _of(after, entity, rate)
        m, e = _of(before, entity, rate)
        total += ((n - m) - ratio * (d - e)) / over
    return total / len(after.totals)


def _share(stage: Stage, entity: str) -> Fraction:
    return sum((_of(stage, entity, rate)[0] / over for rate, (_, over) in stage.totals.items()), Fraction(0)) / len(stage.totals)


def _of(stage: Stage, entity: str, rate: int) -> tuple[Fraction, Fraction]:
    return stage.shares.get(entity, {}).get(rate, _NOTHING)


def _figure(value: Fraction, wanted: Metric) -> str:
    return f"{float(value) * 100:.1f} %" if wanted.unit is Unit.RATIO else f"{float(value):,.2f}"


def _written(value: Fraction, wanted: Metric) -> str | float:
    if wanted.unit in (Unit.MONEY_PER_MONTH, Unit.MONEY_PER_YEAR):
        return str((Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.0001")))
    return float(value)
