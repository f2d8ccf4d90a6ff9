"""The catalogue of metrics: what each is called, what it means and how each customer contributes to it.

A metric is a sum of numerators over a sum of denominators, customer by customer, so that every figure can be broken down by
any attribute, and every gap between two figures can be laid at customers' doors.
"""

from dataclasses import dataclass
from enum import StrEnum

from growthring.kernel.errors import UnknownValueError


class Unit(StrEnum):
    """What a value counts."""

    MONEY_PER_MONTH = "money_per_month"
    MONEY_PER_YEAR = "money_per_year"
    RATIO = "ratio"
    COUNT = "count"
    INDEX = "index"


class Combine(StrEnum):
    """How customers' contributions become one value."""

    SUM = "sum"
    RATIO = "ratio"
    TOP_10 = "top_10"
    TOP_DECILE = "top_decile"
    HHI = "hhi"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: Name on the command line.
        title: Name for people.
        chinese: Name in Chinese.
        unit: What the value counts.
        definition: The meaning in a sentence or two.
        formula: The formula in words.
        relation: Relation that holds the customers' rows: balance, flow, retention, renewal or cohort.
        numerator: SQL over that relation.
        denominator: SQL over that relation; empty for sums.
        combine: How the rows become a value.
        undefined: Why there is no value when the denominator is empty.
        basis: Policy fields that the metric fixes itself.
        capability: Capability IDs.
    """

    name: str
    title: str
    chinese: str
    unit: Unit
    definition: str
    formula: str
    relation: str
    numerator: str
    denominator: str = ""
    combine: Combine = Combine.SUM
    undefined: str = ""
    basis: tuple[tuple[str, str], ...] = ()
    capability: str = "UE-13"


def _moved(condition: str, sign: str = "") -> str:
    return f"CASE WHEN {condition} THEN {sign}movement_amount ELSE CAST(0 AS DECIMAL(18,4)) END"


def _flow(
    name: str, title: str, chinese: str, definition: str, condition: str, sign: str = "", capability: str = "003-04"
) -> Metric:
    return Metric(
        name,
        title,
        chinese,
        Unit.MONEY_PER_MONTH,
        definition,
        f"{'−' if sign else ''}Σ movements of the period where {condition}",
        "flow",
        _moved(condition, sign),
        capability=capability,
    )


def _churn(name: str, title: str, chinese: str, definition: str, formula: str, condition: str) -> Metric:
    return Metric(
        name,
        title,
        chinese,
        Unit.RATIO,
        definition,
        formula,
        "flow",
        _moved(condition, "-"),
        "start_amount",
        Combine.RATIO,
        "no customer had recurring revenue at the start of the period",
        capability="003-06",
    )


_START_UNDEFINED = "no customer had recurring revenue at the start of the period"
_BASE_UNDEFINED = "no customer was in the base at the earlier date"

_BALANCES = (
    Metric(
        "mrr",
        "Monthly recurring revenue",
        "月度经常性收入",
        Unit.MONEY_PER_MONTH,
        "Recurring revenue of the month under the policy's basis.",
        "Σ a(t)",
        "balance",
        "end_amount",
    ),
    Metric(
        "arr",
        "Annual recurring revenue",
        "年度经常性收入",
        Unit.MONEY_PER_YEAR,
        "Twelve times the month's recurring revenue: a run rate, not a forecast.",
        "12 × Σ a(t)",
        "balance",
        "12 * end_amount",
    ),
    Metric(
        "cmrr",
        "Contracted monthly recurring revenue",
        "合同月度经常性收入",
        Unit.MONEY_PER_MONTH,
        "Monthly price of everything signed, running or not yet running.",
        "Σ a(t) on the contracted basis",
        "balance",
        "end_amount",
        basis=(("basis", "contracted"), ("evidence", "both")),
    ),
    Metric(
        "carr",
        "Contracted annual recurring revenue",
        "合同年度经常性收入",
        Unit.MONEY_PER_YEAR,
        "Annual price of everything signed, running or not yet running.",
        "12 × Σ a(t) on the contracted basis",
        "balance",
        "12 * end_amount",
        basis=(("basis", "contracted"), ("evidence", "both")),
    ),
    Metric(
        "customers",
        "Customers",
        "客户数",
        Unit.COUNT,
        "Customers with recurring revenue at the end of the period.",
        "count of customers active at t",
        "balance",
        "is_active",
    ),
    Metric(
        "arpa",
        "Average revenue per account",
        "单客户平均收入",
        Unit.MONEY_PER_MONTH,
        "Monthly recurring revenue of an average customer.",
        "Σ a(t) / customers",
        "balance",
        "end_amount",
        "is_active",
        Combine.RATIO,
        "no customer has recurring revenue",
    ),
    Metric(
        "mrr_growth",
        "Growth of recurring revenue",
        "经常性收入增长率",
        Unit.RATIO,
        "Change of recurring revenue over the period, as a share of its start.",
        "(Σ a(t) − Σ a(start)) / Σ a(start)",
        "balance",
        "end_amount - start_amount",
        "start_amount",
        Combine.RATIO,
        _START_UNDEFINED,
    ),
    Metric(
        "arr_growth_yoy",
        "Growth over twelve months",
        "同比增长率",
        Unit.RATIO,
        "Change of recurring revenue over twelve months, as a share of what it was.",
        "(Σ a(t) − Σ a(t−12)) / Σ a(t−12)",
        "balance",
        "end_amount - year_ago_amount",
        "year_ago_amount",
        Combine.RATIO,
        "no customer had recurring revenue twelve months earlier",
    ),
    Metric(
        "top10_share",
        "Share of the ten largest customers",
        "前十大客户占比",
        Unit.RATIO,
        "Share of recurring revenue that the ten largest customers bring.",
        "Σ a(t) of the ten largest / Σ a(t)",
        "balance",
        "end_amount",
        "end_amount",
        Combine.TOP_10,
        "there is no recurring revenue",
        capability="UE-13",
    ),
    Metric(
        "top_decile_share",
        "Share of the largest tenth of customers",
        "前10%客户占比",
        Unit.RATIO,
        "Share of recurring revenue that the largest tenth of customers (rounded up) brings.",
        "Σ a(t) of the largest tenth / Σ a(t)",
        "balance",
        "end_amount",
        "end_amount",
        Combine.TOP_DECILE,
        "there is no recurring revenue",
    ),
    Metric(
        "hhi",
        "Concentration (Herfindahl–Hirschman)",
        "集中度(赫芬达尔指数)",
        Unit.INDEX,
        "Sum of the squared revenue shares: 1 is a single customer, 1/n are n equal ones.",
        "Σ (a(t) / Σ a(t))²",
        "balance",
        "end_amount",
        "end_amount",
        Combine.HHI,
        "there is no recurring revenue",
    ),
)

_FLOWS = (
    _flow("new_mrr", "New", "新签", "Recurring revenue of customers that had none before.", "movement = 'new'"),
    _flow(
        "reactivation_mrr",
        "Reactivation",
        "回流",
        "Recurring revenue of customers that had left and came back.",
        "movement = 'reactivation'",
    ),
    _flow("expansion_mrr", "Expansion", "增购", "Growth of customers that were there and stayed.", "movement = 'expansion'"),
    _flow(
        "expansion_price_mrr",
        "Expansion by price",
        "提价增长",
        "The part of expansion that comes from a higher price per unit.",
        "movement = 'expansion' AND driver = 'price'",
    ),
    _flow(
        "expansion_volume_mrr",
        "Expansion by volume",
        "用量增长",
        "The part of expansion that comes from more units used.",
        "movement = 'expansion' AND driver = 'volume'",
    ),
    _flow(
        "expansion_seats_mrr",
        "Expansion by seats",
        "席位增长",
        "The part of expansion that comes from more seats.",
        "movement = 'expansion' AND driver = 'seats'",
    ),
    _flow(
        "cross_sell_mrr",
        "Cross-sell",
        "交叉销售",
        "The part of expansion that comes from products new to the customer.",
        "movement = 'expansion' AND driver = 'cross_sell'",
    ),
    _flow(
        "expansion_unsplit_mrr",
        "Expansion, not split",
        "未拆分增购",
        "The part of expansion for which no quantities are known.",
        "movement = 'expansion' AND driver = 'unsplit'",
    ),
    _flow(
        "expansion_at_renewal_mrr",
        "Expansion at renewal",
        "续约时增购",
        "The part of expansion booked in a month in which the customer renewed.",
        "movement = 'expansion' AND reason = 'at_renewal'",
        capability="N-16",
    ),
    _flow(
        "contraction_mrr",
        "Contraction",
        "缩减",
        "Loss of revenue of customers that stayed, as a positive amount.",
        "movement = 'contraction'",
        "-",
    ),
    _flow(
        "advised_saving_mrr",
        "Contraction by advice",
        "建议性节省",
        "The part of contraction that the company itself advised, as a positive amount.",
        "movement = 'contraction' AND reason = 'advised_saving'",
        "-",
        "N-37",
    ),
    _flow(
        "churned_mrr",
        "Churn",
        "流失",
        "Recurring revenue of customers that left, as a positive amount.",
        "movement = 'churn'",
        "-",
    ),
    _flow(
        "voluntary_churned_mrr",
        "Churn by choice",
        "主动流失",
        "The part of churn that was the customer's own choice, a missing reason included, as a positive amount.",
        "movement = 'churn' AND reason <> 'involuntary'",
        "-",
        "003-06",
    ),
    _flow(
        "involuntary_churned_mrr",
        "Churn not by choice",
        "被动流失",
        "The part of churn whose cancel_reason is one of the policy's involuntary_reasons, as a positive amount.",
        "movement = 'churn' AND reason = 'involuntary'",
        "-",
        "003-06",
    ),
    _flow("fx_mrr", "Exchange impact", "汇率影响", "Change of recurring revenue by exchange rates alone.", "movement = 'fx'"),
    _flow(
        "transfer_mrr",
        "Transfer",
        "转移",
        "Revenue moved between products or accounts of the same customer; nets to zero over the company.",
        "movement = 'transfer'",
    ),
    _flow(
        "adjustment_mrr",
        "Adjustment",
        "调整",
        "Changes of customers whose revenue is negative at both ends.",
        "movement = 'adjustment'",
    ),
    _flow("net_new_mrr", "Net new", "净新增", "Change of recurring revenue over the period.", "movement <> ''"),
)

_RATES = (
    Metric(
        "quick_ratio",
        "Quick ratio",
        "速动比率",
        Unit.INDEX,
        "Revenue gained for each unit lost.",
        "(new + expansion + reactivation) / (contraction + churn)",
        "flow",
        _moved("movement IN ('new', 'expansion', 'reactivation')"),
        _moved("movement IN ('contraction', 'churn')", "-"),
        Combine.RATIO,
        "nothing was lost in the period",
    ),
    Metric(
        "expansion_share",
        "Expansion share",
        "增购占比",
        Unit.RATIO,
        "Share of expansion in gained revenue.",
        "expansion / (new + expansion)",
        "flow",
        _moved("movement = 'expansion'"),
        _moved("movement IN ('new', 'expansion')"),
        Combine.RATIO,
        "nothing was gained in the period",
    ),
    _churn(
        "gross_mrr_churn",
        "Gross revenue churn",
        "总收入流失率",
        "Revenue lost by churn and contraction in the period, as a share of its start.",
        "(churn + contraction) / start",
        "movement IN ('churn', 'contraction')",
    ),
    _churn(
        "net_mrr_churn",
        "Net revenue churn",
        "净收入流失率",
        "The same less expansion and reactivation; negative when they outweigh the losses.",
        "(churn + contraction − expansion − reactivation) / start",
        "movement IN ('churn', 'contraction', 'expansion', 'reactivation')",
    ),
    _churn(
        "revenue_churn",
        "Revenue churn",
        "收入流失率",
        "Revenue of customers that left in the period, as a share of its start.",
        "churn / start",
        "movement = 'churn'",
    ),
    Metric(
        "logo_churn",
        "Customer churn",
        "客户流失率",
        Unit.RATIO,
        "Customers present at the start of the period and gone at its end, as a share of those at the start.",
        "count(was active and is not) / count(was active)",
        "balance",
        "CASE WHEN was_active = 1 AND is_active = 0 THEN 1 ELSE 0 END",
        "was_active",
        Combine.RATIO,
        "there was no customer at the start of the period",
        capability="003-06",
    ),
    Metric(
        "subscriber_churn",
        "Subscriber churn, counting joiners",
        "订阅者流失率",
        Unit.RATIO,
        "Churn events of the period over customers at its start plus those that joined in it, as Stripe counts.",
        "count(churn) / (count(was active) + count(new))",
        "subscriber",
        "churned",
        "exposed",
        Combine.RATIO,
        "there was no customer in the period",
        capability="003-06",
    ),
    Metric(
        "new_customers",
        "New customers",
        "新客户数",
        Unit.COUNT,
        "Customers that joined in the period.",
        "count(new)",
        "subscriber",
        "joined",
        capability="003-04",
    ),
    Metric(
        "churned_customers",
        "Churned customers",
        "流失客户数",
        Unit.COUNT,
        "Times a customer left in the period.",
        "count(churn)",
        "subscriber",
        "churned",
        capability="003-04",
    ),
)

_RETENTION = (
    Metric(
        "ndr",
        "Net dollar retention",
        "净收入留存率",
        Unit.RATIO,
        "Revenue now of the customers of the base date, over their revenue then; the policy's ndr switch decides the variant.",
        "Σ_B a(t) / Σ_B a(t − 12)",
        "retention",
        "current_amount",
        "base_amount",
        Combine.RATIO,
        _BASE_UNDEFINED,
        capability="003-01",
    ),
    Metric(
        "grr",
        "Gross dollar retention",
        "总收入留存率",
        Unit.RATIO,
        "The same without any growth: each customer (or product, contract) counts at most what it was.",
        "Σ_B min(a(t), a(t − 12)) / Σ_B a(t − 12)",
        "retention",
        "retained_amount",
        "base_amount",
        Combine.RATIO,
        _BASE_UNDEFINED,
        capability="UE-13",
    ),
    Metric(
        "logo_retention",
        "Customer retention",
        "客户留存率",
        Unit.RATIO,
        "Share of the customers of the base date that still have revenue.",
        "count_B(a(t) > 0) / count(B)",
        "retention",
        "CASE WHEN current_amount > 0 THEN 1 ELSE 0 END",
        "1",
        Combine.RATIO,
        _BASE_UNDEFINED,
        capability="UE-13",
    ),
    Metric(
        "renewal_rate",
        "Renewal rate, gross",
        "续约率(总)",
        Unit.RATIO,
        "Revenue renewed of the revenue that came up for renewal, growth not counted.",
        "Σ min(renewed, available) / Σ available to renew",
        "renewal",
        "retained_amount",
        "base_amount",
        Combine.RATIO,
        "no contract ended in the period",
        (("evidence", "both"),),
        "003-03",
    ),
    Metric(
        "renewal_rate_net",
        "Renewal rate, net",
        "续约率(净)",
        Unit.RATIO,
        "Revenue renewed, growth included, of the revenue that came up for renewal.",
        "Σ renewed / Σ available to renew",
        "renewal",
        "current_amount",
        "base_amount",
        Combine.RATIO,
        "no contract ended in the period",
        (("evidence", "both"),),
        "003-03",
    ),
)

_TABLES = (
    Metric(
        "movements",
        "Movement ledger",
        "收入变动台账",
        Unit.MONEY_PER_MONTH,
        "Start, every kind of movement and end of each period; start + movements = end to the cent.",
        "start + new + reactivation + expansion + contraction + churn + fx + transfer + adjustment = end",
        "flow",
        "movement_amount",
        combine=Combine.TABLE,
        capability="003-04",
    ),
    Metric(
        "cohort_logo",
        "Customer cohorts",
        "客户同期群",
        Unit.RATIO,
        "Customers of a vintage active in the last month of each period of its life, as a share of the vintage.",
        "active(vintage, age) / size(vintage)",
        "cohort",
        "active_customers",
        combine=Combine.TABLE,
    ),
    Metric(
        "cohort_revenue",
        "Revenue cohorts",
        "收入同期群",
        Unit.MONEY_PER_MONTH,
        "Recurring revenue of a vintage in the last month of each period of its life.",
        "Σ a(vintage, age)",
        "cohort",
        "amount",
        combine=Combine.TABLE,
    ),
    Metric(
        "cohort_ndr",
        "NDR by vintage and age",
        "净留存同期群",
        Unit.RATIO,
        "Recurring revenue of a vintage in the last month of each period of its life, over its customers' revenue in their first months.",
        "Σ a(vintage, age) / Σ a(vintage, 0)",
        "cohort",
        "amount",
        combine=Combine.TABLE,
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*_BALANCES, *_FLOWS, *_RATES, *_RETENTION, *_TABLES)}
"""Every metric by name."""


def metric(name: str) -> Metric:
    """Return a metric by name.

    Raises:
        UnknownValueError: No metric has the name.
    """
    if name not in METRICS:
        raise UnknownValueError("metric", name, METRICS, remedy="`growthring metrics` lists them with their definitions.")
    return METRICS[name]
