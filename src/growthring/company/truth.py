"""What was planted: the numbers a revenue system must find in the raw files."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from growthring.kernel.currency import exponent
from growthring.kernel.period import Month


@dataclass(frozen=True, slots=True)
class MonthTruth:
    """Contracted MRR of one month in one billing currency.

    Attributes:
        month: The month; the number holds on its last day.
        currency: Billing currency; nothing is converted.
        mrr: Contract lines of kind recurring in force on the last day, a year divided by 12, net of all discounts, outside
            trials and pauses.
        customers: Paying accounts on that day.
    """

    month: str
    currency: str
    mrr: Decimal
    customers: int


@dataclass(frozen=True, slots=True)
class MovementTruth:
    """All planted events of one name in one month and currency; a change of several products is one event each."""

    month: str
    event: str
    currency: str
    events: int
    delta: Decimal


@dataclass(frozen=True, slots=True)
class CellTruth:
    """Planted and realised behaviour of one segment and channel; dollars at the rates of the first day.

    Attributes:
        segment: Segment at the start.
        channel: Channel.
        accounts: Accounts drawn into the cell.
        monthly_churn_hazard: Planted chance to leave in a month.
        seat_growth_rate: Planted chance of a seat expansion in a month.
        shrink_rate: Planted chance of a seat cut in a month.
        cross_sell_rate: Planted chance to add Analytics in a month.
        new_mrr_usd: MRR of all first purchases.
        mrr_year_ago_usd: MRR twelve months before the last month.
        mrr_now_usd: MRR of those same accounts in the last month, wherever it is billed now.
        ndr: The quotient of the two; None without a year of history.
        churn_exposure_months: Customer-months at risk.
        churned: Accounts that left.
    """

    segment: str
    channel: str
    accounts: int
    monthly_churn_hazard: float
    seat_growth_rate: float
    shrink_rate: float
    cross_sell_rate: float
    new_mrr_usd: Decimal
    mrr_year_ago_usd: Decimal
    mrr_now_usd: Decimal
    ndr: float | None
    churn_exposure_months: int
    churned: int


@dataclass(frozen=True)
class CompanyTruth:
    """Everything planted, small enough to hold at any company size; single events are in ``truth/events.csv``.

    Attributes:
        name: The company.
        accounts: Number of accounts.
        months: Number of months.
        first_month: First month.
        seed: Seed.
        data_through: Last day the files know of.
        price_change_month: From this month renewals and new customers get the new list price.
        price_change_percent: By this much.
        migration_on: Day on which Classic became Platform; None if the window is too short.
        mrr: MRR by month and currency.
        movements: Planted events by month, name and currency.
        cells: Behaviour by segment and channel.
        defects: Planted defects by table and code.
        rows: Rows written by file stem.
        usage_spikes: Number of one-off spikes; accounts and months are in ``truth/usage_spikes.csv``.
        event_month: Month of the external event that lifted the API calls of one industry; None if the window is too short.
        event_accounts: Number of accounts it lifted; ``truth/external_events.csv`` names them.
        shortfalls: Number of minimums whose term ended with less used than promised; ``truth/commitments.csv`` names them.
    """

    name: str
    accounts: int
    months: int
    first_month: str
    seed: int
    data_through: date
    price_change_month: str
    price_change_percent: int
    migration_on: date | None
    mrr: tuple[MonthTruth, ...]
    movements: tuple[MovementTruth, ...]
    cells: tuple[CellTruth, ...]
    defects: dict[str, dict[str, int]]
    rows: dict[str, int]
    usage_spikes: int
    event_month: str | None
    event_accounts: int
    shortfalls: int

    def mrr_at(self, month: Month | str, currency: str) -> Decimal:
        """Return the contracted MRR of a month in a currency; zero when nobody is billed in it."""
        return next((item.mrr for item in self.mrr if item.month == str(month) and item.currency == currency), Decimal(0))

    def cell(self, segment: str, channel: str) -> CellTruth:
        """Return the truth of one segment and channel."""
        return next(item for item in self.cells if (item.segment, item.channel) == (segment, channel))

    def event_counts(self) -> dict[str, int]:
        """Return how many events of each name were planted."""
        counts: Counter[str] = Counter()
        for item in self.movements:
            counts[item.event] += item.events
        return dict(counts)


def in_major(minor: int, currency: str) -> Decimal:
    """Turn minor units into the currency's major units, exactly."""
    return Decimal(minor).scaleb(-exponent(currency))


def write_truth(folder: Path, truth: CompanyTruth) -> None:
    """Write ``truth.json`` and one CSV for each list in it."""
    (folder / "truth.json").write_text(json.dumps(asdict(truth), default=str, indent=1) + "\n", encoding="utf-8")
    for stem, items in (("mrr", truth.mrr), ("movements", truth.movements), ("cells", truth.cells)):
        rows = [asdict(item) for item in items]
        header = ",".join(rows[0]) if rows else ""
        text = "\n".join([header, *(",".join("" if value is None else str(value) for value in row.values()) for row in rows)])
        (folder / f"{stem}.csv").write_text(text + "\n", encoding="utf-8")
