"""Revenue by how firmly it is promised, and what of it a fall in usage would put at risk (PR-25).

Committed: consumption inside prepaid balances and minimums, true-ups, prices of ELAs. Contracted: fees of contracts beyond that.
Uncommitted: everything else. Free credits and use that an ELA replaces are no revenue.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from growthring.engine.relation import relation
from growthring.kernel.errors import GrowthringError
from growthring.pricing.commitments.evaluation import compute_commitments, read_rows
from growthring.pricing.commitments.inputs import CommitmentInputs
from growthring.pricing.commitments.periods import add_months
from growthring.pricing.commitments.reference import rounded

_ZERO = Decimal(0)
_MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class RevenueSplit:
    """Revenue of a family of accounts over a stretch of time, in one currency.

    Attributes:
        account_id: The account, or the one at the top of its family.
        segment: Its value of the attribute asked for; empty text without.
        currency: ISO 4217 code of the amounts.
        committed_amount: What commitments hold.
        contracted_amount: Fees of contracts beyond that.
        uncommitted_amount: The rest.
        at_risk_low_amount: What a fall of usage takes while commitments hold.
        at_risk_high_amount: What it takes when commitments are renewed at the lower usage.
    """

    account_id: str
    segment: str
    currency: str
    committed_amount: Decimal
    contracted_amount: Decimal
    uncommitted_amount: Decimal
    at_risk_low_amount: Decimal
    at_risk_high_amount: Decimal

    @property
    def revenue_amount(self) -> Decimal:
        """Committed + contracted + uncommitted."""
        return self.committed_amount + self.contracted_amount + self.uncommitted_amount


def revenue_split(
    connection: duckdb.DuckDBPyConnection,
    stress: Decimal,
    *,
    on: date,
    since: date | None = None,
    attribute: str = "segment",
    computed: CommitmentInputs | None = None,
) -> list[RevenueSplit]:
    """Return committed, contracted and uncommitted revenue by family, with the band at risk under a fall in usage.

    Args:
        connection: Holds the canonical tables and ``drawable``.
        stress: Share by which usage falls, 0 to 1.
        on: The day of the look.
        since: First day of the stretch; twelve months before ``on`` when absent.
        attribute: The account attribute that names segments.
        computed: Inputs of `compute_commitments` for the same day, when its tables are there already.

    Raises:
        GrowthringError: The stress is not a share.
    """
    if not 0 <= stress <= 1:
        raise GrowthringError(
            f"The stress {stress} is not a share.", valid="Valid: 0 to 1.", remedy="Write 0.2 for 20 % less usage."
        )
    if computed is None:
        compute_commitments(connection, on)
    step = relation("growthring.pricing.commitments", "revenue_split", {"since": since or add_months(on, -_MONTHS_OF_A_YEAR)})
    segments = _segments(connection, attribute, on)
    rows = read_rows(connection, f"SELECT split.* FROM ({step.sql}) AS split ORDER BY split.account_id, split.currency")
    return [
        split_revenue(
            (row["account_id"], segments.get(row["account_id"], ""), row["currency"]), row["usage_amount"], row["fee_amount"],
            row["contract_fee_amount"], row["covered_amount"], row["fixed_amount"], stress,
        )
        for row in rows
    ]  # fmt: skip


def split_revenue(
    key: tuple[str, str, str],
    usage: Decimal,
    fees: Decimal,
    contract_fees: Decimal,
    covered: Decimal,
    fixed: Decimal,
    stress: Decimal,
) -> RevenueSplit:
    """Split one family's revenue.

    Args:
        key: Account, segment, currency.
        usage: Rated usage that is paid for.
        fees: Rated fees that are paid for.
        contract_fees: The part of fees that belongs to contracts.
        covered: Consumption inside prepaid balances and minimums; usage counts as covered before fees.
        fixed: True-ups and prices of ELAs.
        stress: Share by which usage falls.

    Example:
        >>> amounts = [Decimal(value) for value in (100, 20, 20, 70, 0)]
        >>> split = split_revenue(("a", "", "USD"), *amounts, stress=Decimal("0.5"))
        >>> [str(each) for each in (split.committed_amount, split.contracted_amount, split.uncommitted_amount)]
        ['70', '20', '30']
        >>> str(split.at_risk_low_amount), str(split.at_risk_high_amount)
        ('30.00', '50.00')
    """
    held = min(covered, usage + fees)
    held_usage = min(held, usage)
    contracted = min(contract_fees, fees - (held - held_usage))
    lost = rounded(usage * stress, key[2])
    return RevenueSplit(
        *key,
        committed_amount=held + fixed,
        contracted_amount=contracted,
        uncommitted_amount=usage + fees - held - contracted,
        at_risk_low_amount=min(lost, rounded(usage - held_usage, key[2])),
        at_risk_high_amount=lost,
    )


def _segments(connection: duckdb.DuckDBPyConnection, attribute: str, on: date) -> dict[str, str]:
    """Return the value of an attribute by account on a day."""
    rows = connection.execute(
        "SELECT account_id, value FROM account_attribute WHERE attribute = ? AND (valid_from IS NULL OR valid_from <= ?) "
        "ORDER BY account_id, valid_from NULLS FIRST",
        [attribute, on],
    ).fetchall()
    return {account_id: value or "" for account_id, value in rows}
