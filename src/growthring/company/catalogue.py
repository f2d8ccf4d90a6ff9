"""What Ringwood Software sells, at which list prices, in which currencies.

All prices are whole minor units (cents, pence, yen) of one month, so that twelve months are exactly twelve times one.
"""

from dataclasses import dataclass

PLATFORM, CLASSIC, ANALYTICS, API, ONBOARDING = "P-PLATFORM", "P-CLASSIC", "P-ANALYTICS", "P-API", "P-ONBOARD"
METER = "api_calls"


@dataclass(frozen=True, slots=True)
class Product:
    """One row of products.csv."""

    product_id: str
    name: str
    family: str
    quantity_kind: str


PRODUCTS = (
    Product(PLATFORM, "Ringwood Platform", "Core", "seat"),
    Product(CLASSIC, "Ringwood Classic", "Core", "seat"),
    Product(ANALYTICS, "Ringwood Analytics", "Add-ons", "flat"),
    Product(API, "Ringwood API", "Metered", "usage"),
    Product(ONBOARDING, "Onboarding", "Services", "flat"),
)


@dataclass(frozen=True, slots=True)
class PriceList:
    """List prices of one currency in minor units a month.

    Attributes:
        monthly: Price by product when billed monthly.
        annual: Price of one month by product when billed annually.
        onboarding: One onboarding, by segment.
        call_price: Price of one API call as text, in major units.
        call_millionths: The same in millionths of a minor unit.
        usd_rate: Dollars for one major unit on the first day.
    """

    monthly: dict[str, int]
    annual: dict[str, int]
    onboarding: dict[str, int]
    call_price: str
    call_millionths: int
    usd_rate: float


def _price_list(platform: int, analytics: int, onboarding: int, *, call: tuple[str, int], usd: float) -> PriceList:
    monthly = {PLATFORM: platform, CLASSIC: platform * 4 // 5, ANALYTICS: analytics}
    annual = {product: price * 5 // 6 for product, price in monthly.items()}
    services = {"SMB": onboarding, "mid-market": onboarding * 3, "enterprise": onboarding * 12}
    return PriceList(monthly, annual, services, *call, usd)


PRICES: dict[str, PriceList] = {
    "USD": _price_list(4500, 19900, 75000, call=("0.0012", 120_000), usd=1.0),
    "EUR": _price_list(4200, 18900, 70000, call=("0.0011", 110_000), usd=1.09),
    "GBP": _price_list(3700, 16500, 62000, call=("0.00095", 95_000), usd=1.27),
    "JPY": _price_list(6500, 29000, 110000, call=("0.17", 170_000), usd=0.0071),
}

COUNTRIES: tuple[tuple[str, str, int, float], ...] = (
    ("US", "USD", 0, 0.52),
    ("CA", "USD", 0, 0.08),
    ("DE", "EUR", 19, 0.10),
    ("FR", "EUR", 20, 0.07),
    ("NL", "EUR", 21, 0.04),
    ("GB", "GBP", 20, 0.12),
    ("JP", "JPY", 10, 0.07),
)
"""Country, billing currency, tax in percent, share of accounts."""

INDUSTRIES = ("software", "manufacturing", "retail", "health", "finance", "education", "logistics", "media")
