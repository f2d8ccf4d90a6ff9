"""The chain of relations from canonical tables to the movement ledger, as a policy chooses it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from growthring.engine.relation import Literal, Relation, relation
from growthring.revenue.policy import Basis, Grain, GrrCap, Level, Policy, Smoothing, UsageEvidence
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
    """Return the relations from invoices, contracts and rated lines to a(t), in order; the last one is ``recurring``."""
    return [*document_chain(policy, setting), *averaged_chain(policy, setting)]


def document_chain(policy: Policy, setting: Setting) -> list[Relation]:
    """Return the relations from documents to what they say of each month, in order; the last one is ``monthly``."""
    values = parameters(policy, setting)
    if not reads_rated(policy):
        names = ("invoice_segment", "contract_segment", "segment", "rate_segment", "rate_month", "spread_month", "monthly")
        return [relation(PACKAGE, name, values) for name in names]
    rated_instead: dict[str, Literal] = {**values, "usage": "exclude"}
    promised = values if is_committed(policy) else rated_instead
    return [
        relation(PACKAGE, "invoice_segment", rated_instead),
        relation(PACKAGE, "contract_segment", promised),
        *(relation(PACKAGE, name, values) for name in ("rated_share", "rated_fee")),
        relation(PACKAGE, "segment_with_fees", values, called="segment"),
        *(relation(PACKAGE, name, values) for name in ("rate_segment", "rate_month")),
        relation(PACKAGE, "spread_month", values, called="spread_segment"),
        relation(PACKAGE, "rated_month", values),
        relation(PACKAGE, "spread_month_with_rated", values, called="spread_month"),
        relation(PACKAGE, "monthly", values),
    ]


_ONLY_FOR = {
    "invoice_segment": ("invoice_segment",),
    "contract_segment": ("contract_segment",),
    "rated_fee": ("rated_share", "rated_fee", "rated_month"),
}
"""Relations that only one kind of document needs, by the relation that reads the document."""


def one_source(chain: Sequence[Relation], source: str) -> list[Relation]:
    """Return the relations from one kind of document alone to what it says of each month.

    Args:
        chain: A document chain.
        source: ``invoice_segment``, ``contract_segment`` or ``rated_fee``.
    """
    others = {name for each, names in _ONLY_FOR.items() if each != source for name in names}
    without_rated = source != "rated_fee" and any(each.name == "spread_segment" for each in chain)
    instead = {"segment": source, **({"spread_month": "spread_segment"} if without_rated else {})}
    return [
        Relation(each.name, f"SELECT * FROM {instead[each.name]}") if each.name in instead else each
        for each in chain
        if each.name not in others
    ]


def averaged_chain(policy: Policy, setting: Setting) -> list[Relation]:
    """Return the relations from ``monthly`` to a(t), in order: usual usage, commitments, means over months, currency."""
    values = parameters(policy, setting)

    def step(name: str, called: str | None = None) -> Relation:
        return relation(PACKAGE, name, values, called=called)

    tagged = policy.one_off == "exclude" and any(tag.tag == "one_off" for tag in setting.tags)
    usual = "usual_month" if reads_rated(policy) and is_committed(policy) else "run_rate"
    chain = [step("run_rate", usual) if tagged else Relation(usual, "SELECT * FROM monthly")]
    if usual == "usual_month":
        chain.append(step("committed_segment"))
        chain.append(_reading(step("rate_segment", "committed_rate"), "segment", "committed_segment"))
        chain.append(_reading(step("rate_month", "committed_month"), "rate_segment", "committed_rate"))
        chain.append(step("beyond_commitment", "run_rate"))
    if is_smoothed(policy) and reads_rated(policy):
        chain += [step("smoothed", "smoothed_amount"), step("smoothed_quantity", "smoothed")]
    else:
        chain.append(step("smoothed") if is_smoothed(policy) else Relation("smoothed", "SELECT * FROM run_rate"))
    chain.append(step("recurring"))
    return _without_aliases(chain)


def _reading(each: Relation, source: str, instead: str) -> Relation:
    """Let a relation read another table under the name of its own."""
    return replace(each, sql=re.sub(rf"\bFROM {source}\b", f"FROM {instead} AS {source}", each.sql))


def reads_rated(policy: Policy) -> bool:
    """Whether usage revenue comes from rated lines rather than from invoices."""
    return policy.usage_evidence is not UsageEvidence.INVOICES


def is_committed(policy: Policy) -> bool:
    """Whether what is committed counts, and of usage only what goes beyond it."""
    return policy.smoothing is Smoothing.COMMITTED_PLUS_TRAILING


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
