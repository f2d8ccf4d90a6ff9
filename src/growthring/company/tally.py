"""Adding up the truth while accounts are told one after the other, in memory that does not grow with them."""

from collections import Counter
from decimal import Decimal

from growthring.company.behaviour import BEHAVIOURS, Behaviour
from growthring.company.catalogue import PRICES
from growthring.company.plan import PRICE_INCREASE_PERCENT, Plan
from growthring.company.profile import Profile
from growthring.company.terms import Story
from growthring.company.truth import CellTruth, CompanyTruth, MonthTruth, MovementTruth, in_major

COMPANY_NAME = "Ringwood Software"
_Cell = tuple[str, str]


class Tally:
    """Running sums over all accounts, in whole minor units."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.mrr_deltas: Counter[tuple[str, int]] = Counter()
        self.customer_deltas: Counter[tuple[str, int]] = Counter()
        self.event_counts: Counter[tuple[int, str, str]] = Counter()
        self.event_deltas: Counter[tuple[int, str, str]] = Counter()
        self.cell_money: Counter[tuple[_Cell, str, str]] = Counter()
        self.cell_counts: Counter[tuple[_Cell, str]] = Counter()
        self.defects: dict[str, Counter[str]] = {"invoice_line": Counter(), "usage": Counter()}
        self.rows: Counter[str] = Counter()
        self.usage_spikes = 0
        self.event_accounts = 0
        self.shortfalls = 0

    def add_story(self, story: Story, profile: Profile) -> None:
        """Add one account's events."""
        cell, currency = (profile.behaviour.segment, profile.behaviour.channel), story.currency
        base_k, level, own, base = self.plan.months - 13, 0, 0, 0
        self.cell_counts[cell, "accounts"] += 1
        paying_from = 0
        for event in story.events:
            self.event_counts[event.k, event.name, currency] += 1
            self.event_deltas[event.k, event.name, currency] += event.delta
            if not event.delta:
                continue
            self.mrr_deltas[currency, event.k] += event.delta
            level += event.delta
            base = level if event.k <= base_k else base
            if event.name == "new":
                self.cell_money[cell, "new", currency] += event.delta
            if event.account_id == story.account_id:
                before, own = own, own + event.delta
                if before == 0:
                    self.customer_deltas[currency, event.k] += 1
                    paying_from = event.k
                elif own == 0:
                    self.customer_deltas[currency, event.k] -= 1
                    self.cell_counts[cell, "exposure"] += event.k - paying_from
                    self.cell_counts[cell, "churned"] += event.name == "churn"
        if own:
            self.cell_counts[cell, "exposure"] += self.plan.months - 1 - paying_from
        if base:
            self.cell_money[cell, "year_ago", currency] += base
            self.cell_money[cell, "now", currency] += level

    def truth(self) -> CompanyTruth:
        """Return the finished truth."""
        plan = self.plan
        names = plan.days.month_names
        return CompanyTruth(
            name=COMPANY_NAME,
            accounts=plan.accounts,
            months=plan.months,
            first_month=str(plan.first_month),
            seed=plan.seed,
            data_through=plan.days.data_through_date(),
            price_change_month=names[plan.price_change_k],
            price_change_percent=PRICE_INCREASE_PERCENT,
            migration_on=(plan.first_month + plan.migration_k).first_day if plan.migration_k else None,
            mrr=tuple(self._months()),
            movements=tuple(
                MovementTruth(names[k], name, currency, count, in_major(self.event_deltas[k, name, currency], currency))
                for (k, name, currency), count in sorted(self.event_counts.items())
            ),
            cells=tuple(self._cell(behaviour) for behaviour in BEHAVIOURS),
            defects={table: dict(sorted(counts.items())) for table, counts in self.defects.items()},
            rows=dict(sorted(self.rows.items())),
            usage_spikes=self.usage_spikes,
            event_month=None if plan.event_k is None else names[plan.event_k],
            event_accounts=self.event_accounts,
            shortfalls=self.shortfalls,
        )

    def _months(self) -> list[MonthTruth]:
        found = []
        for currency in PRICES:
            mrr = customers = 0
            for k, name in enumerate(self.plan.days.month_names):
                mrr += self.mrr_deltas[currency, k]
                customers += self.customer_deltas[currency, k]
                found.append(MonthTruth(name, currency, in_major(mrr, currency), customers))
        return sorted(found, key=lambda item: (item.month, item.currency))

    def _cell(self, behaviour: Behaviour) -> CellTruth:
        cell = (behaviour.segment, behaviour.channel)
        new, year_ago, now = (self._usd(cell, what) for what in ("new", "year_ago", "now"))
        return CellTruth(
            segment=behaviour.segment,
            channel=behaviour.channel,
            accounts=self.cell_counts[cell, "accounts"],
            monthly_churn_hazard=behaviour.monthly_churn_hazard,
            seat_growth_rate=behaviour.seat_growth_rate,
            shrink_rate=behaviour.shrink_rate,
            cross_sell_rate=behaviour.cross_sell_rate,
            new_mrr_usd=new,
            mrr_year_ago_usd=year_ago,
            mrr_now_usd=now,
            ndr=round(float(now / year_ago), 6) if year_ago else None,
            churn_exposure_months=self.cell_counts[cell, "exposure"],
            churned=self.cell_counts[cell, "churned"],
        )

    def _usd(self, cell: _Cell, what: str) -> Decimal:
        total = sum(
            (
                in_major(self.cell_money[cell, what, currency], currency) * Decimal(str(prices.usd_rate))
                for currency, prices in PRICES.items()
            ),
            Decimal(0),
        )
        return total.quantize(Decimal("0.01"))
