"""Figures of the movement ledger: what came, grew, shrank and went in a period."""

from growthring.revenue.metrics.metric import Metric, Unit, moved


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
        moved(condition, sign),
        capability=capability,
    )


FLOWS = (
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
