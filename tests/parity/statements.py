"""Every statement the product can run: each relation under each choice that makes it another statement."""

from decimal import Decimal
from functools import cache
from importlib.resources import files

from growthring.engine.duckdb_session import connect
from growthring.engine.relation import Literal, Relation, relation
from growthring.revenue.evaluation import Question, question_chain
from growthring.revenue.ledger import Ledger
from growthring.revenue.metrics import METRICS, Combine
from growthring.revenue.pipeline import PACKAGE, Shape, ledger_chain, recurring_chain
from growthring.revenue.policy import Policy, preset, preset_names
from growthring.revenue.setting import parameters
from tests.parity.company import LAST, SETTING

STANDARD = preset("standard")
_NO_DATA = connect()

POLICIES: dict[str, Policy] = {
    "standard": STANDARD,
    "recognised": STANDARD.replace(basis="recognised", discounts="none", credits="net"),
    "event": STANDARD.replace(grain="event", same_period="gross", fx="event"),
    "parent": STANDARD.replace(level="parent", fx="constant", grr_cap="product"),
    "trailing_3": STANDARD.replace(smoothing="trailing_3", ndr="avg4q"),
    "contracted": STANDARD.replace(evidence="both", basis="contracted", level="item", pause="churn", churn_time="days_past_due"),
    "rated": STANDARD.replace(usage_evidence="rated_with_fees"),
    "committed": STANDARD.replace(usage_evidence="rated", evidence="both", smoothing="committed_plus_trailing", ndr="two_year"),
}
"""The policies under which the engines run the made-up company."""

VARIATIONS: dict[str, tuple[str, ...]] = {
    "evidence": ("contracts", "both"),
    "usage_evidence": ("rated", "rated_with_fees"),
    "grain": ("event", "day", "quarter"),
    "level": ("item", "subscription", "parent"),
    "basis": ("billed", "recognised", "usage_smoothed"),
    "discounts": ("none", "recurring"),
    "usage": ("exclude",),
    "one_off": ("include",),
    "credits": ("ignore", "net"),
    "free": ("inactive",),
    "fx": ("event", "constant"),
    "churn_time": ("request", "status", "days_past_due"),
    "pause": ("churn", "keep"),
    "reactivation": ("window", "as_new"),
    "ndr": ("avg4q", "trailing12_weighted", "two_year", "quarter_yoy", "30d", "survivors", "bridge"),
    "grr_cap": ("product", "contract", "total", "events"),
    "smoothing": ("trailing_3", "quarter_x4", "trailing_12", "committed_plus_trailing"),
    "restate": ("as_reported",),
    "base_threshold": ("both",),
    "normalise.week": ("4",),
    "normalise.day": ("30",),
    "normalise.odd_days": ("round_30.42",),
}
"""The other choices of each policy field; a field not listed only changes a number."""

QUESTION_VALUES: dict[str, Literal] = {
    "least_base": Decimal(0),
    "span": 1,
    "lag": 12,
    "first_month_only": False,
    "both_dates": False,
    "counts_in_ndr": False,
    "by": "segment",
    "capped": False,
    "kind": "top_10",
}
"""What questions bind, beside the policy, when a relation is shown by itself."""


def relation_names() -> list[str]:
    """Return the names of the files that hold relations."""
    return sorted(each.name.removesuffix(".sql") for each in files(PACKAGE).iterdir() if each.name.endswith(".sql"))


def shown_relation(name: str) -> Relation:
    """Return a relation as bound under the standard policy."""
    return relation(PACKAGE, name, {**parameters(STANDARD, SETTING), **QUESTION_VALUES})


def varied_policies() -> list[Policy]:
    """Return the presets, and the standard policy with each single choice made otherwise."""
    singles = [STANDARD.replace(**{field: value}) for field, values in VARIATIONS.items() for value in values]
    special = [
        STANDARD.replace(counts_in_ndr=False),
        STANDARD.replace(exclude=[{"attribute": "product", "value": "api"}]),
        STANDARD.replace(exclude=[{"attribute": "country", "value": "DE"}], grr_cap="contract"),
        STANDARD.replace(grain="event", same_period="ignore"),
        STANDARD.replace(grain="day", same_period="gross", level="parent"),
        STANDARD.replace(usage_evidence="rated", smoothing="quarter_x4"),
        STANDARD.replace(usage_evidence="rated", basis="usage_smoothed"),
        STANDARD.replace(usage_evidence="rated_with_fees", basis="billed"),
    ]
    return [*POLICIES.values(), *map(preset, preset_names()), *singles, *special]


@cache
def every_statement() -> dict[str, Relation]:
    """Return all different bound statements by their text."""
    found: dict[str, Relation] = {}
    for policy in varied_policies():
        checks = [
            relation(PACKAGE, name, parameters(policy, SETTING))
            for name in ("ledger_weight", "ledger_check", "ledger_check_single")
        ]
        chain = [*recurring_chain(policy, SETTING), *checks]
        for has_families in (True, False):
            chain += ledger_chain(policy, SETTING, Shape(has_families))
        chain += [*ledger_chain(policy, SETTING, Shape(has_families=False, is_single=True)), relation(PACKAGE, "shape")]
        found.update((each.sql, each) for each in (*chain, *_questions(policy)))
    return found


def _questions(policy: Policy) -> list[Relation]:
    ledger = Ledger(_NO_DATA, policy, SETTING, ())
    asked = [
        question_chain(ledger, Question(metric, (LAST - 3, LAST), by=by))
        for metric in METRICS.values()
        if metric.combine is not Combine.TABLE
        for by in ("", "segment", "product", "product_family")
    ]
    points = [shown_relation("point"), shown_relation("point_concentration")]
    return [*points, *(each for each_chain in asked for each in each_chain)]
