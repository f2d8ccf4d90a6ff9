"""A project's accounts with their commitments in simulated futures: what every answer about future commitments is read from."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from growthring.engine.relation import literal
from growthring.forecast.commitments.billing import PoolPaths
from growthring.forecast.commitments.charges import ChargePaths, known_charge
from growthring.forecast.commitments.future_charges import Horizon, Subscribed, future_charges, why_not_foreseen
from growthring.forecast.commitments.terms import check_terms
from growthring.forecast.commitments.whole import quantity_units
from growthring.forecast.panel import Panel, Values
from growthring.forecast.paths import PATHS
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, Value
from growthring.operations.pricing.commitments import commitment_answer, define_drawable
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project
from growthring.pricing.commitments import Charge, Commitment, CommitmentInputs, compute_commitments
from growthring.pricing.commitments.periods import billing_months
from growthring.pricing.commitments.terms import rollover_targets
from growthring.pricing.stored_rating import Rating
from growthring.revenue.exchange import reporting_rates

if TYPE_CHECKING:
    from growthring.forecast.paths import Paths

_MOST_AHEAD = 24
"""Months looked ahead at most, where a commitment has no end or a late one."""
_NAMED = 3
"""Accounts left out that are named one by one."""
_BATCH = 200
"""Pools rated at a time, which bounds memory."""


@dataclass(frozen=True, eq=False)
class MeterPaths:
    """Simulated usage of a meter.

    Attributes:
        panel: The history, one row an account.
        paths: Draws of its future.
    """

    panel: Panel
    paths: "Paths"

    def of(self, accounts: Sequence[str], count: int) -> dict[str, Values]:
        """Return the futures of some accounts, each of shape (paths, months)."""
        known = [account for account in accounts if account in self._place]
        if not known:
            return {}
        drawn = self.paths.paths(np.array([self._place[account] for account in known]), count)
        return {account: np.nan_to_num(drawn[:, row].astype(np.float64)) for row, account in enumerate(known)}

    @cached_property
    def _place(self) -> dict[str, int]:
        return {account: row for row, account in enumerate(self.panel.accounts.tolist())}


@dataclass(eq=False)
class Futures:
    """A project's accounts, their commitments and their simulated usage.

    Attributes:
        rating: Rated history, with commitments computed as of ``horizon.on``.
        computed: What commitments were computed from.
        horizon: The months ahead.
        shared: The pool of each account whose family shares a commitment; every other account is its own.
        commitments: Commitments known, that are in force or still to come, by pool.
        subscriptions: Subscriptions that go on, by pool.
        meters: Simulated usage by meter.
        refused: Why subscriptions are left out, by account.
    """

    rating: Rating
    computed: CommitmentInputs
    horizon: Horizon
    shared: Mapping[str, str]
    commitments: Mapping[str, list[Commitment]]
    subscriptions: Mapping[str, list[Subscribed]]
    meters: Mapping[str, MeterPaths]
    refused: dict[str, str] = field(default_factory=dict)
    _history: Mapping[str, list[ChargePaths]] = field(default_factory=dict)
    _so_far: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def pools(self) -> list[str]:
        """Every pool with a subscription or a commitment; most are one account."""
        return sorted({*self.commitments, *self.subscriptions})

    def pool_of(self, account: str) -> str:
        """Return the pool of an account."""
        return self.shared.get(account, account)

    def walk(
        self, pools: Sequence[str] | None = None, *, factor: float = 1.0, with_commitments: bool = True
    ) -> Iterator[tuple[str, PoolPaths]]:
        """Yield pools with their charges in every future.

        Args:
            pools: The pools; all when absent.
            factor: Times the simulated usage; 0 leaves what is due without any use.
            with_commitments: Whether commitments are followed; no: what would be charged without them.
        """
        wanted = self.pools if pools is None else list(pools)
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            subscriptions = [each for pool in batch for each in self.subscriptions.get(pool, ())]
            charges: dict[str, list[ChargePaths]] = defaultdict(list)
            for charge in future_charges(subscriptions, self._used(subscriptions, factor), self.horizon, so_far=self._so_far):
                charges[self.pool_of(charge.account_id)].append(charge)
            for pool in batch:
                held = self.commitments.get(pool, []) if with_commitments else []
                known = self._history.get(pool, []) if held else []
                yield pool, PoolPaths([*known, *charges[pool]], held, self.shared, self._calendars(held))

    def _used(self, subscriptions: Sequence[Subscribed], factor: float) -> dict[tuple[str, str], Values]:
        accounts = sorted({each.account_id for each in subscriptions})
        if not factor:
            return {}
        return {
            (account, meter): values * factor
            for meter, simulated in self.meters.items()
            for account, values in simulated.of(accounts, self.horizon.paths).items()
        }

    def _calendars(self, held: Sequence[Commitment]) -> dict[str, list[tuple[date, date]]]:
        found = {}
        for each in held:
            anchor = None if each.is_grant else self._anchors.get(each.contract_id or "")
            if anchor:
                months = billing_months(anchor, each.starts_on)
                found[each.commitment_id] = list(takewhile(lambda month: month[0] <= self.horizon.until, months))
        return found

    @cached_property
    def _anchors(self) -> dict[str, date]:
        query = "SELECT contract_id, billing_anchor_on FROM contract WHERE billing_anchor_on IS NOT NULL"
        return dict(self.rating.connection.execute(query).fetchall())


def open_futures(
    project: Project,
    *,
    months: int | None = None,
    paths: int = PATHS,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Futures:
    """Open a project's commitments and simulate the usage of every account.

    Args:
        project: The project.
        months: Months ahead; as far as the last commitment in force ends, two years at most, when absent.
        paths: Futures drawn.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.

    Raises:
        GrowthringError: The project has no price books, or terms of a commitment are not known.
    """
    key = ("futures", project.data_token(), months, paths, as_of)  # no decision of people reaches usage and commitments
    return project.kept(key, lambda: _opened(project, months, paths, as_of, progress))


def _opened(project: Project, months: int | None, paths: int, as_of: datetime | None, progress: Progress) -> Futures:
    rating = rate(project, as_of=as_of, progress=progress)
    define_drawable(rating.connection)
    on = rating.terms.through + timedelta(days=1)
    computed = compute_commitments(rating.connection, on)
    shared, held = _held(computed, rating.terms.as_of, on)
    horizon = Horizon(on, Month.of(on).index, months or _months_held(held, on), paths)
    meters = {meter.id: meter for meter in rating.terms.every_meter}
    found = Futures(rating, computed, horizon, shared, held, defaultdict(list), {})
    subscriptions: dict[str, list[Subscribed]] = defaultdict(list)
    for each in _subscribed(rating, on):
        if reason := why_not_foreseen(each, meters, horizon):
            found.refused[each.account_id] = reason
        else:
            subscriptions[found.pool_of(each.account_id)].append(each)
    found.subscriptions = subscriptions
    found.meters = _simulated(project, rating, horizon, as_of, progress)
    found._history = _history(found)
    found._so_far = _so_far(rating, on)
    return found


def rates_into(rating: Rating, currency: str) -> dict[str, float]:
    """Return the last known exchange rate of each currency into one, for amounts that lie ahead."""
    quotes = rating.connection.execute(
        f"SELECT base_currency, quote_currency, rate_on, rate FROM fx_rate WHERE known_at <= {literal(rating.terms.as_of)} "
        f"AND rate_on <= {literal(rating.terms.through)}"
    ).fetchall()
    return {code: float(value) for code, _, _, value in reporting_rates(quotes, currency)}


def _held(computed: CommitmentInputs, known_at: datetime, on: date) -> tuple[dict[str, str], dict[str, list[Commitment]]]:
    """Return pools that are shared, and by pool commitments that still matter: not ended, or passing a rest on to one."""
    known = [each for each in computed.commitments if each.known_at <= known_at]
    for each in known:
        check_terms(each)
    targets = rollover_targets(known)
    by_id = {each.commitment_id: each for each in known}

    def matters(each: Commitment) -> bool:
        return each.closes_on > on or (each.commitment_id in targets and matters(by_id[targets[each.commitment_id]]))

    mine = [each for each in known if matters(each)]
    families = {computed.pools.get(each.account_id, each.account_id) for each in mine if each.scope == "family"}
    shared = {account: pool for account, pool in computed.pools.items() if pool in families}
    found: dict[str, list[Commitment]] = defaultdict(list)
    for each in mine:
        found[shared.get(each.account_id, each.account_id)].append(each)
    return shared, found


def futures_caveats(futures: Futures) -> list[str]:
    """Return what an answer rests on, and who is left out of it, in words."""
    horizon = futures.horizon
    last = Month(horizon.first_month + horizon.months - 1)
    found = [f"{horizon.paths} futures of usage through {last}, each rated by its price book."]
    found += [f"{account} is left out: {why}." for account, why in sorted(futures.refused.items())[:_NAMED]]
    if len(futures.refused) > _NAMED:
        found.append(f"{len(futures.refused) - _NAMED} more accounts are left out, whose usage cannot be rated ahead.")
    return found


def futures_answer(
    project: Project, metric: str, definition: str, value: Value, unit: str, futures: Futures, rows: Sequence[dict[str, Any]]
) -> Answer:
    """Return an answer that is read from futures, with what it rests on; see `commitment_answer`."""
    return commitment_answer(project, metric, definition, value, unit, futures.horizon.on, rows, futures_caveats(futures))


def _months_held(held: Mapping[str, list[Commitment]], on: date) -> int:
    """Return how many months are left of the commitment in force that ends last, within two years."""
    ends = [each.closes_on for same in held.values() for each in same if each.starts_on <= on]
    last = max((Month.of(day).index - Month.of(on).index + (day.day > 1) for day in ends), default=1)
    return min(max(last, 1), _MOST_AHEAD)


def _subscribed(rating: Rating, on: date) -> list[Subscribed]:
    """Return subscriptions that had not ended on a day, as their last terms that began by then say."""
    books = {book.name: book for book in rating.terms.books}
    rows = rating.connection.execute(
        """
        SELECT subscription_id, account_id, arg_max(book, starts_on), arg_max(currency, starts_on),
          arg_max(calendar_id, starts_on), MIN(starts_on)
        FROM subscription WHERE starts_on <= ? GROUP BY ALL HAVING MAX(ends_on) >= ? ORDER BY ALL
        """,
        [on, on],
    ).fetchall()
    return [
        Subscribed(name, account, books[book], currency, calendar, day) for name, account, book, currency, calendar, day in rows
    ]


def _simulated(
    project: Project, rating: Rating, horizon: Horizon, as_of: datetime | None, progress: Progress
) -> dict[str, MeterPaths]:
    """Return simulated usage by meter that a book prices."""
    from growthring.forecast.growth import CohortGrowth
    from growthring.operations.history.opening import open_history

    found = {}
    meters = rating.connection.execute("SELECT DISTINCT meter FROM metered ORDER BY 1").fetchall()
    for done, (meter,) in enumerate(meters):
        progress("usage to come", done, len(meters))
        panel = open_history(project, measure=f"usage:{meter}", as_of=as_of, progress=progress).panel
        ahead = horizon.first_month + horizon.months - 1 - panel.last_month.index
        if ahead != horizon.months:
            raise GrowthringError(
                f"Usage of {meter} is known through {panel.last_month}, and commitments are looked at on {horizon.on}.",
                remedy="Set data_through in growthring.toml to a day of the last month with usage.",
            )
        found[meter] = MeterPaths(panel, CohortGrowth().predict(panel, horizon.months))
    return found


def _history(found: Futures) -> dict[str, list[ChargePaths]]:
    """Return known charges of pools with commitments, of complete periods since the earliest that still matters began."""
    charges: dict[str, list[ChargePaths]] = defaultdict(list)
    since = {pool: min(each.starts_on for each in held) for pool, held in found.commitments.items() if held}
    if not since:
        return charges
    names = ", ".join(each.name for each in fields(Charge))
    rows = found.rating.connection.execute(
        f"SELECT {names} FROM drawable WHERE period_end <= ? AND period_end > ?", [found.horizon.on, min(since.values())]
    )
    for row in rows.fetchall():
        charge = Charge(*row)
        pool = found.pool_of(charge.account_id)
        if pool in since and charge.period_end > since[pool]:
            charges[pool].append(known_charge(charge))
    return charges


def _so_far(rating: Rating, on: date) -> dict[tuple[str, str], int]:
    """Return what is known of periods in progress, in millionths by subscription and meter."""
    rows = rating.connection.execute(
        "SELECT subscription_id, meter, SUM(quantity) FROM metered WHERE period_start < ? AND period_end > ? GROUP BY ALL",
        [on, on],
    ).fetchall()
    return {(subscription, meter): quantity_units(Decimal(quantity)) for subscription, meter, quantity in rows}
