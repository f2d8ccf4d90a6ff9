"""What the same use would have cost otherwise: rated again in plain Decimal arithmetic."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from growthring.pricing.book import Version
from growthring.pricing.policy import RatingPolicy, rating_preset, rating_preset_names
from growthring.pricing.reconciliation.difference import Billed, Difference, Surroundings
from growthring.pricing.reference import ZERO, Bill, Share, Use, rate_bill

Otherwise = Callable[[Billed], tuple[Version, RatingPolicy, Sequence[Use], Share]]


def comparable_amount(bill: Bill, version: Version, *, with_fees: bool) -> Decimal:
    """Return what an invoice of use says: the usage lines, and what adjusts the bill if there is nothing else on it."""
    fees = {component.id for component in version.components if component.is_fee}
    if with_fees or not any(line.component_id in fees for line in bill.lines):
        return bill.amount
    return sum((line.amount for line in bill.lines if line.component_id not in fees), ZERO)


def amount_otherwise(billed: Sequence[Billed], otherwise: Otherwise, *, with_fees: bool) -> Decimal | None:
    """Return what subscriptions cost under other terms; nothing when those price none of it."""
    total, is_priced = ZERO, False
    for each in billed:
        version, policy, uses, share = otherwise(each)
        bill = rate_bill(version, uses, share, policy, each.currency)
        is_priced = is_priced or bool(bill.lines)
        total += comparable_amount(bill, version, with_fees=with_fees)
    return total if is_priced else None


def other_versions(difference: Difference, around: Surroundings) -> Iterator[tuple[str, Decimal]]:
    """Yield every other version of every book, in words, with what it makes of the use."""
    billed = around.billed_in(difference)
    for book in around.books:
        for version in book.versions:
            if all(each.version is version for each in billed):
                continue
            amount = amount_otherwise(
                billed,
                lambda each, book=book, version=version: (version, book.rating_policy, each.uses, each.share),  # type: ignore[misc]
                with_fees=around.with_fees,
            )
            if amount is not None:
                yield f"{book.name} from {version.effective_from}", amount


def other_policies(difference: Difference, around: Surroundings) -> Iterator[tuple[str, Decimal]]:
    """Yield every other shipped rating policy with what it makes of the use."""
    billed = around.billed_in(difference)
    for name in rating_preset_names():
        policy = rating_preset(name)
        if all(each.book.rating_policy.name == name for each in billed):
            continue
        amount = amount_otherwise(
            billed,
            lambda each, policy=policy: (each.version, policy, each.uses, each.share),  # type: ignore[misc]
            with_fees=around.with_fees,
        )
        if amount is not None:
            yield name, amount


def amount_of_uses(billed: Sequence[Billed], uses: Callable[[Billed], Sequence[Use]], *, with_fees: bool) -> Decimal | None:
    """Return what other quantities cost under the terms in force."""
    return amount_otherwise(
        billed, lambda each: (each.version, each.book.rating_policy, uses(each), each.share), with_fees=with_fees
    )


def amount_of_days(billed: Sequence[Billed], days: int, *, with_fees: bool) -> Decimal | None:
    """Return what the use costs when the subscription counts as active on so many days."""
    return amount_otherwise(
        billed,
        lambda each: (each.version, each.book.rating_policy, each.uses, replace(each.share, active=days)),
        with_fees=with_fees,
    )


def depends_on_share(version: Version) -> bool:
    """Whether some amount of a version depends on how many days a subscription was active."""
    return bool(version.adjustments) or any(component.is_fee or component.adjustments for component in version.components)
