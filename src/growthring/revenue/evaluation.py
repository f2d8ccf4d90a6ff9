"""Evaluating a metric: which dates are looked at, what each customer contributes, and what the contributions add up to."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from growthring.engine.relation import Literal, Relation, compose, relation
from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.kernel.period import Month, PeriodKind
from growthring.revenue.ledger import Ledger
from growthring.revenue.metrics import Combine, Metric
from growthring.revenue.pipeline import PACKAGE
from growthring.revenue.policy import GrrCap, NdrVariant, Policy
from growthring.revenue.setting import parameters

_SMALLEST = Decimal("0.0001")

_PRODUCT_GROUPS = ("product", "product_family")

_ONE_ROW_A_CUSTOMER = ("balance", "subscriber", "retention")
"""Relations with one row for a customer and date, whose contributions need no adding up."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a metric.

    Attributes:
        at_month: Last month of the period.
        group: Value of the attribute looked at, or empty text for the whole.
        numerator: Exact sum.
        denominator: Exact sum, or nothing for a metric that is a sum itself.
        value: The value, or nothing when it is undefined.
        customers: Number of customers that contribute.
    """

    at_month: Month
    group: str
    numerator: Decimal
    denominator: Decimal | None
    value: Decimal | float | None
    customers: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a ledger.

    Attributes:
        metric: The metric.
        months: Last months of the periods asked for.
        period: Length of a period for movements and growth.
        by: Attribute, ``product`` or ``product_family`` to break down by; empty for the whole.
    """

    metric: Metric
    months: tuple[Month, ...]
    period: PeriodKind = PeriodKind.MONTH
    by: str = ""


def sub_months(policy: Policy, metric: Metric, at: Month) -> list[Month]:
    """Return the dates whose rates are averaged into one value; one date unless the policy averages."""
    if metric.relation == "retention" and policy.ndr is NdrVariant.AVERAGE_4Q:
        return [at - 9, at - 6, at - 3, at]
    if metric.relation == "retention" and policy.ndr is NdrVariant.TRAILING_12_WEIGHTED:
        return [at - back for back in range(11, -1, -1)]
    return [at]


def base_month(policy: Policy, metric: Metric, at: Month, period: PeriodKind = PeriodKind.MONTH) -> Month:
    """Return the earliest month whose revenue the value at a month needs to be there."""
    if metric.relation != "retention":
        return at - 12 if metric.name == "arr_growth_yoy" else at
    values = _retention_values(policy)
    first = sub_months(policy, metric, at)[0]
    return first - int(str(values["lag"])) - int(str(values["span"])) + 1


def evaluate(ledger: Ledger, question: Question) -> list[Point]:
    """Return the values of a metric, one for each period and group.

    Raises:
        UnknownValueError: No account has the attribute.
    """
    if question.by:
        _check_attribute(ledger, question.by)
    rows = ledger.connection.execute(points_sql(ledger, question)).fetchall()
    return [
        Point(
            Month(at),
            group,
            numerator,
            denominator,
            _value(question.metric, ledger.policy, rate, numerator, denominator),
            customers,
        )
        for at, group, numerator, denominator, rate, customers in rows
    ]


def evaluate_together(ledger: Ledger, metrics: Sequence[Metric], months: Sequence[Month]) -> dict[str, list[Point]]:
    """Return the values of several metrics month by month; those read from one relation are computed in one pass.

    Args:
        ledger: The ledger.
        metrics: Sums and ratios in any order.
        months: The months.
    """
    found: dict[str, list[Point]] = {}
    shared: dict[str, list[Metric]] = defaultdict(list)
    for each in metrics:
        averages = each.relation == "retention" and len(sub_months(ledger.policy, each, months[0])) > 1
        capped = each.name == "grr" and ledger.policy.grr_cap is GrrCap.TOTAL
        if each.combine in (Combine.SUM, Combine.RATIO) and not averages and not capped:
            shared[each.relation].append(each)
        else:
            found[each.name] = evaluate(ledger, Question(each, tuple(months)))
    for group in shared.values():
        found.update(_evaluate_group(ledger, group, tuple(months)))
    return found


def _evaluate_group(ledger: Ledger, group: Sequence[Metric], months: tuple[Month, ...]) -> dict[str, list[Point]]:
    """Evaluate metrics of one relation: a numerator and a denominator column for each."""
    name = group[0].relation
    sums = [
        f"CAST(SUM({part}) AS DECIMAL(38,4))" if part else "CAST(NULL AS DECIMAL(38,4))"
        for each in group
        for part in (each.numerator, each.denominator)
    ]
    chain = question_chain(ledger, Question(group[0], months))
    which = "" if name in _ONE_ROW_A_CUSTOMER else "DISTINCT "
    counts = [f"COUNT({which}CASE WHEN {_contributes(each)} THEN entity_id END)" for each in group]
    rows = ledger.connection.execute(
        f"SELECT at_month, {', '.join([*sums, *counts])} FROM ({compose(chain, name)}) AS {name} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    points: dict[str, list[Point]] = {each.name: [] for each in group}
    for at, *figures in rows:
        totals, customers = figures[: 2 * len(group)], figures[2 * len(group) :]
        for each, numerator, denominator, count in zip(group, totals[::2], totals[1::2], customers, strict=True):
            value = _value(each, ledger.policy, None, numerator, denominator)
            points[each.name].append(Point(Month(at), "", numerator, denominator, value, count))
    return points


def _contributes(each: Metric) -> str:
    return " OR ".join(f"({part}) <> 0" for part in (each.numerator, each.denominator) if part)


def points_sql(ledger: Ledger, question: Question) -> str:
    """Return the statement that computes the values over the ledger's tables."""
    return compose([*question_chain(ledger, question), _points(ledger.policy, question.metric)], "point")


def contributions_sql(ledger: Ledger, question: Question) -> str:
    """Return the statement that lists what each customer contributes, over the ledger's tables."""
    return compose(question_chain(ledger, question), "contribution")


def standalone_sql(ledger: Ledger, question: Question) -> str:
    """Return one statement that computes the values from the canonical tables and the input tables alone."""
    own = question_chain(ledger, question)
    return compose([*ledger.chain, *own, _points(ledger.policy, question.metric)], "point")


def question_chain(ledger: Ledger, question: Question) -> list[Relation]:
    """Return the relations from the ledger to the customers' contributions, in order; the last is ``contribution``."""
    policy, setting = ledger.policy, ledger.setting
    values: dict[str, Literal] = {**parameters(policy, setting), **_retention_values(policy), "by": question.by}
    chain = [_evaluation(policy, question)]
    if question.by in _PRODUCT_GROUPS:
        chain += [relation(PACKAGE, name, values) for name in ("product_month", "product_movement")]
    body = [relation(PACKAGE, name, values) for name in ("balance", "flow", "subscriber", "renewal", "cohort")]
    body += _retention(policy, values)
    if question.by in _PRODUCT_GROUPS:
        body = [_renamed(each, {"entity_month": "product_month", "movement": "product_movement"}) for each in body]
    chain += body
    if question.by:
        chain.append(
            relation(PACKAGE, "group_product" if question.by in _PRODUCT_GROUPS else "group_attribute", values, called="grouping")
        )
    chain.append(_contribution(question, values))
    return chain


def _evaluation(policy: Policy, question: Question) -> Relation:
    rows = [
        f"SELECT {at.index} AS at_month, {sub.index} AS sub_month, {(at - question.period.months).index} AS start_month, "
        f"{(at - 12).index} AS year_ago_month"
        for at in question.months
        for sub in sub_months(policy, question.metric, at)
    ]
    return Relation("evaluation", "\nUNION ALL\n".join(rows))


def _retention_values(policy: Policy) -> dict[str, Literal]:
    span, lag = {NdrVariant.TWO_YEAR: (12, 12), NdrVariant.QUARTER_YOY: (3, 12), NdrVariant.DAYS_30: (1, 1)}.get(
        policy.ndr, (1, 12)
    )
    least = (policy.threshold_arr * span / 12).quantize(_SMALLEST, rounding=ROUND_CEILING)
    return {
        "least_base": least,
        "span": span,
        "lag": lag,
        "first_month_only": policy.ndr is NdrVariant.TWO_YEAR,
        "both_dates": policy.ndr is NdrVariant.SURVIVORS or policy.base_threshold == "both",
        "counts_in_ndr": policy.counts_in_ndr,
    }


def _retention(policy: Policy, values: dict[str, Literal]) -> list[Relation]:
    base = {NdrVariant.TWO_YEAR: "window", NdrVariant.QUARTER_YOY: "window", NdrVariant.BRIDGE: "bridge"}.get(policy.ndr, "point")
    chain = [relation(PACKAGE, f"retention_{base}", values, called="retention_base")]
    match policy.grr_cap:
        case GrrCap.PRODUCT | GrrCap.CONTRACT:
            capped = relation(PACKAGE, f"capped_{policy.grr_cap.value}", values, called="capped_panel")
            chain.append(capped if policy.exclude else _renamed(capped, {"scoped": "recurring"}))
            chain.append(relation(PACKAGE, "retention_capped", values))
        case GrrCap.EVENTS:
            chain.append(relation(PACKAGE, "retention_events", values, called="retention_capped"))
        case _:
            chain[0] = Relation("retention_capped", chain[0].sql)
    if policy.counts_in_ndr or policy.ndr is NdrVariant.BRIDGE:
        chain[-1] = Relation("retention", chain[-1].sql)
    else:
        chain += [relation(PACKAGE, "returned", values), relation(PACKAGE, "retention", values)]
    return chain


def _renamed(each: Relation, names: dict[str, str]) -> Relation:
    sql = each.sql
    for old, new in names.items():
        sql = re.sub(rf"\b(FROM|JOIN) {old}\b(?! AS )", rf"\1 {new} AS {old}", sql)
        sql = re.sub(rf"\b(FROM|JOIN) {old} AS ", rf"\1 {new} AS ", sql)
    return Relation(each.name, sql)


def _contribution(question: Question, values: dict[str, Literal]) -> Relation:
    metric = question.metric
    averaged = metric.relation == "retention"
    sub = f"{metric.relation}.sub_month" if averaged else f"{metric.relation}.at_month"
    dated = f"{sub} - {values['lag']}" if averaged else sub
    added_up = bool(question.by) or metric.relation not in _ONE_ROW_A_CUSTOMER
    total = "SUM" if added_up else ""
    denominator = f"CAST({total}({metric.denominator}) AS DECIMAL(38,4))" if metric.denominator else "CAST(NULL AS DECIMAL(38,4))"
    # capping the total needs the uncapped sums; every other cap was taken customer by customer
    numerator = "current_amount" if metric.name == "grr" and values["grr_cap"] == GrrCap.TOTAL.value else metric.numerator
    group, join = "''", ""
    if question.by:
        group = "COALESCE(MAX(grouping.group_value), '(unknown)')"
        join = (
            f"\nJOIN month_spine AS spine ON spine.month = {dated}"
            f"\nLEFT JOIN grouping ON grouping.entity_id = {metric.relation}.entity_id"
            "\n  AND spine.last_day >= grouping.from_on AND spine.last_day < grouping.to_on"
        )
    return Relation(
        "contribution",
        f"SELECT\n  {metric.relation}.at_month AS at_month,\n  {sub} AS sub_month,\n  {metric.relation}.entity_id AS entity_id,\n"
        f"  {group} AS group_value,\n"
        f"  CAST({total}({numerator}) AS DECIMAL(38,4)) AS numerator,\n  {denominator} AS denominator\n"
        f"FROM {metric.relation}{join}"
        + (f"\nGROUP BY {metric.relation}.at_month, {sub}, {metric.relation}.entity_id" if added_up else ""),
    )


def _points(policy: Policy, metric: Metric) -> Relation:
    values: dict[str, Literal] = {"capped": metric.name == "grr" and policy.grr_cap is GrrCap.TOTAL}
    match metric.combine:
        case Combine.TOP_10 | Combine.TOP_DECILE | Combine.HHI:
            return relation(PACKAGE, "point_concentration", {**values, "kind": metric.combine.value}, called="point")
        case Combine.TABLE:
            raise ConfigurationError(
                f"{metric.name} is a table, not a value.", remedy=f"`growthring show {metric.name}` prints it."
            )
        case _:
            return relation(PACKAGE, "point", values)


def _value(
    metric: Metric, policy: Policy, rate: float | None, numerator: Decimal, denominator: Decimal | None
) -> Decimal | float | None:
    if metric.combine is Combine.SUM:
        return numerator
    if not denominator:
        return None
    if metric.relation == "retention" and policy.ndr is NdrVariant.AVERAGE_4Q:
        return rate
    if metric.combine is Combine.HHI:
        return float(numerator / (denominator * denominator))
    return float(numerator / denominator)


def account_attributes(ledger: Ledger) -> list[str]:
    """Return the attributes that accounts have, in order of their names."""
    found = ledger.connection.execute("SELECT DISTINCT attribute FROM account_attribute ORDER BY 1").fetchall()
    return [str(row[0]) for row in found]


def _check_attribute(ledger: Ledger, by: str) -> None:
    if by in _PRODUCT_GROUPS:
        return
    known = account_attributes(ledger)
    if by not in known:
        raise UnknownValueError(
            "attribute", by, (*known, *_PRODUCT_GROUPS), remedy="Map it under [sources.attributes] of the account source."
        )


def periods(months: Sequence[Month]) -> tuple[Month, ...]:
    """Return months in order without repetition."""
    return tuple(sorted(set(months)))
