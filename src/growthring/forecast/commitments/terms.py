"""Terms that can be followed into the future; anything else is refused by name rather than guessed."""

from growthring.kernel.errors import GrowthringError
from growthring.pricing.commitments import Commitment

KINDS = ("minimum", "prepaid", "credit", "ela")
TRUE_UPS = ("term_end", "period", "none")
SCOPES = ("account", "family")


def check_terms(commitment: Commitment) -> None:
    """Refuse a commitment with terms whose effect on a bill is not known.

    Raises:
        GrowthringError: Says which field, what stands there, what is valid.
    """
    name = commitment.commitment_id
    for field, value, valid in (
        ("kind", commitment.kind, KINDS),
        ("true_up", commitment.true_up, TRUE_UPS),
        ("scope", commitment.scope, SCOPES),
    ):
        if value not in valid:
            raise GrowthringError(
                f"{name} has {field} {value!r}, and its future bills cannot be told.",
                valid=f"Valid: {', '.join(valid)}.",
                remedy="Correct the commitment in its source.",
            )
    if commitment.measure == "amount" and commitment.amount is None:
        raise GrowthringError(
            f"{name} promises neither an amount nor a quantity of a meter.",
            remedy="Map amount and currency, or quantity and meter.",
        )
    if commitment.measure == "amount" and commitment.currency is None:
        raise GrowthringError(f"{name} promises {commitment.amount} in no currency.", remedy="Map its currency.")
    if not 0 <= commitment.rollover_share <= 1 or commitment.overage_factor < 0:
        raise GrowthringError(
            f"{name} rolls over {commitment.rollover_share} of its rest and has the overage factor {commitment.overage_factor}.",
            valid="Valid: a rollover share from 0 to 1, an overage factor of 0 or more.",
            remedy="Correct the commitment in its source.",
        )
