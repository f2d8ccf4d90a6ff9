"""The planted facts: how customers of each segment and channel behave. The truth file repeats them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Planted behaviour of one segment and channel.

    Attributes:
        segment: SMB, mid-market or enterprise.
        channel: self-serve, sales or partner.
        share: Share of all accounts.
        annual_share: Share that starts on an annual contract.
        seats: Smallest and largest first order.
        monthly_churn_hazard: Chance to leave in a month; an annual customer decides once a year on twelve of them.
        seat_growth_rate: Chance of a seat expansion in a month.
        seat_growth_step: Largest relative size of one.
        shrink_rate: Chance of a seat cut in a month; an annual customer decides at renewal on twelve of them.
        cross_sell_rate: Chance in a month to add Analytics.
        api_share: Share that uses the metered API.
        discount_share: Share with a lasting discount.
    """

    segment: str
    channel: str
    share: float
    annual_share: float
    seats: tuple[int, int]
    monthly_churn_hazard: float
    seat_growth_rate: float
    seat_growth_step: float
    shrink_rate: float
    cross_sell_rate: float
    api_share: float
    discount_share: float

    @property
    def yearly_churn(self) -> float:
        """Chance not to renew an annual contract."""
        return 1 - (1 - self.monthly_churn_hazard) ** 12

    @property
    def yearly_shrink(self) -> float:
        """Chance to cut seats at an annual renewal."""
        return 1 - (1 - self.shrink_rate) ** 12


BEHAVIOURS: tuple[Behaviour, ...] = (
    Behaviour("SMB", "self-serve", 0.36, 0.15, (2, 12), 0.028, 0.030, 0.30, 0.012, 0.006, 0.15, 0.05),
    Behaviour("SMB", "sales", 0.08, 0.55, (4, 16), 0.020, 0.025, 0.30, 0.010, 0.006, 0.20, 0.40),
    Behaviour("SMB", "partner", 0.08, 0.40, (3, 14), 0.024, 0.020, 0.25, 0.012, 0.004, 0.15, 0.30),
    Behaviour("mid-market", "self-serve", 0.12, 0.35, (10, 40), 0.005, 0.090, 0.40, 0.002, 0.020, 0.45, 0.05),
    Behaviour("mid-market", "sales", 0.12, 0.70, (15, 60), 0.011, 0.035, 0.30, 0.008, 0.010, 0.35, 0.50),
    Behaviour("mid-market", "partner", 0.07, 0.60, (15, 55), 0.016, 0.025, 0.25, 0.012, 0.006, 0.25, 0.40),
    Behaviour("enterprise", "self-serve", 0.01, 0.50, (50, 120), 0.008, 0.040, 0.30, 0.006, 0.010, 0.60, 0.10),
    Behaviour("enterprise", "sales", 0.08, 0.95, (80, 250), 0.007, 0.040, 0.25, 0.006, 0.012, 0.50, 0.60),
    Behaviour("enterprise", "partner", 0.08, 0.90, (220, 600), 0.042, 0.003, 0.15, 0.050, 0.002, 0.40, 0.20),
)
"""The planted surprise: enterprise through partners brings the most new revenue and keeps far less than 100 % of it, while
self-serve mid-market grows after the sale."""
