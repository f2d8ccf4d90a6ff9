"""The chain of relations from canonical tables to the movement ledger, as a policy chooses it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from growthring.engine.relation import Relation, relation
from growthring.revenue.policy import Basis, Grain, GrrCap, Level, Policy, Smoothing
from growthring.revenue.setting import Setting, parameters

PACKAGE = "growthring.revenue"


@dataclass(frozen=True, slots=True)
class Shape:
    """Facts about the data that let the chain leave out steps which would do nothing.

    Attributes:
        has_families: Some account has a parent or was merged into another.
        is_single: Every account has one product, all one contract and the reporting currency, no quantities, nothing below zero.
    """

    has_families: bool = True
    is_single: bool = False


def recurring_chain(policy: Policy, setting: Setting) -> list[Relation]:
    """Return the relations from invoice and contract lines to a(t), in order; the last one is ``recurring``."""
    values = parameters(policy, setting)

    def step(name: str, called: str | None = None) -> Relation:
        return relation(PACKAGE, name, values, called=called)

    chain = [
        step(name) for name in ("invoice_segment", "contract_segment", "segment", "rate_segment", "rate_month", "spread_month")
    ]
    chain.append(step("monthly"))
    tagged = policy.one_off == "exclude" and any(tag.tag == "one_off" for tag in setting.tags)
    chain.append(step("run_rate") if tagged else Relation("run_rate", "SELECT * FROM monthly"))
    chain.append(step("smoothed") if is_smoothed(policy) else Relation("smoothed", "SELECT * FROM run_rate"))
    chain.append(step("recurring"))
    return _without_aliases(chain)


def ledger_chain(policy: Policy, setting: Setting, shape: Shape) -> list[Relation]:
    """Return the relations from a(t) to the movement ledger, in order; ``panel``, ``step`` and ``movement`` among them."""
    values = parameters(policy, setting)

    def step(name: str, called: str | None = None) -> Relation:
        return relation(PACKAGE, name, values, called=called)

    def light(name: str, called: str | None = None) -> Relation:
        return replace(step(name, called), is_light=True)

    chain = [step("scoped")] if policy.exclude else [Relation("scoped", "SELECT * FROM recurring")]
    chain.append(step("panel_family", called="panel") if _is_grouped(policy, shape) else light("panel"))
    chain += [step(name) for name in ("renewal_month", "advised_month", "involuntary_month")]
    if is_short(policy, shape):
        chain += [light("movement_line_single", "movement_line"), light("noted_line"), step("movement_single", "movement")]
        chain.append(step("entity_month_single", "entity_month"))
    else:
        chain.append(step("step_event" if books_events(policy) else "step", called="step"))
        chain += [step("entity_change"), light("movement_line"), light("noted_line"), step("movement"), step("entity_month")]
    return _without_aliases(chain)


def is_short(policy: Policy, shape: Shape) -> bool:
    """Whether the short chain gives the ledger: simple data, accounts by month or quarter, no memory of how long one was gone."""
    by_account = policy.level is Level.ACCOUNT and not _is_grouped(policy, shape)
    return shape.is_single and by_account and not books_events(policy) and policy.reactivation != "window"


def _is_grouped(policy: Policy, shape: Shape) -> bool:
    """Whether rows of recurring revenue have to be put together under one customer first."""
    by_contract = policy.grr_cap is GrrCap.CONTRACT
    return policy.level in (Level.ACCOUNT, Level.PARENT) and (shape.has_families or by_contract)


def is_smoothed(policy: Policy) -> bool:
    """Whether the policy averages revenue over months."""
    return policy.smoothing is not Smoothing.NONE or policy.basis is Basis.USAGE_SMOOTHED


def books_events(policy: Policy) -> bool:
    """Whether changes inside a month are booked one by one rather than netted to the month end."""
    return policy.grain in (Grain.EVENT, Grain.DAY) and policy.same_period != "net" and not is_smoothed(policy)


def _without_aliases(chain: Sequence[Relation]) -> list[Relation]:
    """Drop steps that only hand another relation on, and let their readers read that one."""
    kept: list[Relation] = []
    renamed: dict[str, str] = {}
    for each in chain:
        sql = each.sql
        if sql.startswith("SELECT * FROM "):
            source = sql.removeprefix("SELECT * FROM ")
            renamed[each.name] = renamed.get(source, source)
            continue
        for old, new in renamed.items():
            sql = re.sub(rf"\b(FROM|JOIN) {old}\b(?= AS )", rf"\1 {new}", sql)
            sql = re.sub(rf"\b(FROM|JOIN) {old}\b(?! AS )", rf"\1 {new} AS {old}", sql)
        kept.append(replace(each, sql=sql))
    return kept
