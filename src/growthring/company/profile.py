"""Who an account is: firmographics, currency and starting point."""

from dataclasses import dataclass
from random import Random

from growthring.company.behaviour import BEHAVIOURS, Behaviour
from growthring.company.catalogue import COUNTRIES, INDUSTRIES
from growthring.company.plan import Plan

_FIRST = (
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Ginkgo",
    "Hazel",
    "Ivy",
    "Juniper",
    "Larch",
    "Maple",
    "Oak",
    "Pine",
)
_SECOND = ("Works", "Labs", "Freight", "Foods", "Media", "Systems", "Clinic", "Bank", "Schools", "Studio", "Energy", "Retail")
_BEHAVIOUR_STARTS = [sum(item.share for item in BEHAVIOURS[:position]) for position in range(1, len(BEHAVIOURS) + 1)]
_COUNTRY_STARTS = [sum(item[3] for item in COUNTRIES[:position]) for position in range(1, len(COUNTRIES) + 1)]
LAUNCH_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Profile:
    """An account's fixed traits."""

    name: str
    country: str
    currency: str
    tax_percent: int
    industry: str
    employees: int
    behaviour: Behaviour
    start_k: int
    anchor: int
    is_classic: bool
    is_annual: bool


def _pick(starts: list[float], roll: float) -> int:
    return next((position for position, start in enumerate(starts) if roll < start), len(starts) - 1)


def draw_profile(plan: Plan, index: int, dice: Random) -> Profile:
    """Draw who an account is.

    Args:
        plan: The simulation.
        index: The account's number.
        dice: The account's own randomness.
    """
    behaviour = BEHAVIOURS[_pick(_BEHAVIOUR_STARTS, dice.random())]
    country, currency, tax_percent, _ = COUNTRIES[_pick(_COUNTRY_STARTS, dice.random())]
    low, high = {"SMB": (3, 80), "mid-market": (80, 900), "enterprise": (900, 40_000)}[behaviour.segment]
    launched = dice.random() < LAUNCH_SHARE or plan.absorbs(index) or plan.merges(index)
    later = 1 + int((plan.months - 1) * dice.random()) if plan.months > 1 else 0
    start_k = 0 if launched else min(later, plan.months - 1)
    is_classic = start_k < plan.migration_k and not plan.merges(index) and dice.random() < 0.3
    return Profile(
        name=f"{_FIRST[int(14 * dice.random())]} {_SECOND[int(12 * dice.random())]} {index + 1}",
        country=country,
        currency=currency,
        tax_percent=tax_percent,
        industry=INDUSTRIES[int(8 * dice.random())],
        employees=int(low * (high / low) ** dice.random()),
        behaviour=behaviour,
        start_k=start_k,
        anchor=1 if is_classic else 1 + int(28 * dice.random()),
        is_classic=is_classic,
        is_annual=dice.random() < behaviour.annual_share,
    )
