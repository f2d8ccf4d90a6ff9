"""Progressive billing: an invoice whenever what was used crosses a threshold, credited on the invoice of the period."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from growthring.engine.relation import Relation, relation
from growthring.pricing.commitments.inputs import COUNT, MEASURED, TEXT, arrow_table

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ProgressiveBilling:
    """What is invoiced before the end of a period, and at its end.

    Attributes:
        invoices: Amounts of the threshold invoices, in order.
        fees: All fees of the period.
    """

    invoices: tuple[Decimal, ...]
    fees: Decimal

    @property
    def credited(self) -> Decimal:
        """What the invoice of the period gives back, because it was invoiced before."""
        return sum(self.invoices, _ZERO)

    @property
    def final_amount(self) -> Decimal:
        """What is left to pay at the end of the period."""
        return self.fees - self.credited


def progressive_billing(
    steps: Sequence[Decimal], thresholds: Iterable[Decimal], *, recurring: Decimal | None = None, plan_fee: Decimal = _ZERO
) -> ProgressiveBilling:
    """Invoice what was used each time the total reaches a threshold; one invoice for all thresholds reached at once.

    Args:
        steps: Rated amounts of use in the order of time.
        thresholds: Totals at which an invoice is made; reaching one counts.
        recurring: After the highest threshold, every further multiple of this.
        plan_fee: Fees that are invoiced at the end of the period only.

    Example:
        >>> progressive_billing([Decimal(200), Decimal(200)], [Decimal(200)], plan_fee=Decimal(31)).final_amount
        Decimal('231')
    """
    levels = all_thresholds(thresholds, recurring, sum(steps, _ZERO))
    total, invoiced, passed = _ZERO, _ZERO, 0
    invoices: list[Decimal] = []
    for step in steps:
        total += step
        reached = sum(1 for level in levels if level <= total)
        if reached > passed:
            invoices.append(total - invoiced)
            invoiced, passed = total, reached
    return ProgressiveBilling(tuple(invoices), total + plan_fee)


def all_thresholds(thresholds: Iterable[Decimal], recurring: Decimal | None, total: Decimal) -> list[Decimal]:
    """Return thresholds in order, with the recurring ones up to a total."""
    levels = sorted(thresholds)
    while recurring and (levels[-1] if levels else _ZERO) + recurring <= total:
        levels.append((levels[-1] if levels else _ZERO) + recurring)
    return levels


def threshold_chain() -> list[Relation]:
    """Return the relations; ``threshold_invoice`` holds a row an invoice."""
    return [relation("growthring.pricing.commitments", "threshold_invoice")]


def threshold_inputs(steps: dict[str, Sequence[Decimal]], levels: dict[str, Sequence[Decimal]]) -> dict[str, pa.Table]:
    """Make the inputs of the relation: amounts of use by subscription in order, and the thresholds of each."""
    used = [(key, place, amount) for key, amounts in steps.items() for place, amount in enumerate(amounts, start=1)]
    return {
        "threshold_use": arrow_table({"subscription_id": TEXT, "place": COUNT, "amount": MEASURED}, used),
        "threshold": arrow_table(
            {"subscription_id": TEXT, "level_amount": MEASURED},
            [(key, level) for key, all_of in levels.items() for level in all_of],
        ),
    }
