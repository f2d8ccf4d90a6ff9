"""Opening the books for a question: which policy, which months, and what a reader must know before relying on the figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from growthring.engine.catalog import problem_files
from growthring.engine.snapshot import Snapshot
from growthring.kernel.currency import EXPONENT
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import money
from growthring.operations.project import Project
from growthring.revenue.evaluation import base_month
from growthring.revenue.ledger import Ledger
from growthring.revenue.metrics import Metric
from growthring.revenue.pipeline import reads_rated
from growthring.revenue.policy import Policy
from growthring.revenue.rated_usage import RatedUsage, rated_usage
from growthring.revenue.stored_ledger import open_ledger

_CODES_TOLD = 3
_SETTINGS_KEPT = 64


@dataclass(frozen=True)
class Reading:
    """An open ledger with where it came from.

    Attributes:
        project: The project.
        snapshot: The snapshot read.
        ledger: The ledger under the policy.
    """

    project: Project
    snapshot: Snapshot
    ledger: Ledger

    @property
    def policy(self) -> Policy:
        """The policy of the ledger."""
        return self.ledger.policy

    @property
    def currency(self) -> str:
        """The reporting currency."""
        return self.ledger.setting.currency

    @property
    def first_month(self) -> Month | None:
        """First month with recurring revenue."""
        row = self.ledger.connection.execute("SELECT MIN(month) FROM entity_month").fetchone()
        return Month(row[0]) if row and row[0] is not None else None

    def policy_name(self) -> dict[str, str]:
        """Name and version of the policy, as an Answer shows them."""
        return {"name": self.policy.name, "version": self.policy.version}


def read(
    project: Project,
    *,
    policy: Policy,
    metric: Metric | None = None,
    currency: str | None = None,
    as_of: datetime | None = None,
    snapshot: str | None = None,
    progress: Progress = silent,
) -> Reading:
    """Open the ledger that a metric is read from, under a policy and the fields that the metric fixes itself."""
    chosen = policy.replace(**dict(metric.basis)) if metric and metric.basis else policy
    current = project.shelf.load(snapshot) if snapshot else project.snapshot()
    setting = project.setting(current, currency=currency, as_of=as_of)

    def opened() -> Ledger:
        rated = rated_for(project, current, chosen, as_of, progress)
        ledger = open_ledger(project.store, current, chosen, setting, rated=rated, progress=progress)
        return _held(ledger) if project.books else ledger

    key = ("ledger", current.snapshot_id, repr(chosen), repr(setting))
    return Reading(project, current, project.kept(key, opened))


def _held(ledger: Ledger) -> Ledger:
    """Hold the months of customers in memory: a server reads them for nearly every question."""
    ledger.connection.execute("CREATE TABLE held_month AS SELECT * FROM entity_month")
    ledger.connection.execute("CREATE OR REPLACE VIEW entity_month AS SELECT * FROM held_month")
    return ledger


def rated_for(
    project: Project, snapshot: Snapshot, policy: Policy, as_of: datetime | None = None, progress: Progress = silent
) -> RatedUsage | None:
    """Return rated usage for a policy that reads it, bringing it up to date first; nothing for other policies."""
    terms = project.price_terms(snapshot, as_of) if reads_rated(policy) else None
    if terms is None:
        return None
    from growthring.pricing.stored_rating import open_rating

    rating = open_rating(project.store, snapshot, terms, progress=progress)
    with rating.connection:
        return rated_usage(rating)


def last_month_of(reading: Reading, at: str | None, *, include_partial: bool) -> Month:
    """Return the month a question is about: the one named, else the last complete one.

    Raises:
        GrowthringError: The month lies after the data, or there are no data.
    """
    setting = reading.ledger.setting
    if at is None:
        return setting.last_month if include_partial else setting.last_complete_month
    month = setting.calendar.parse(at)[1]
    if month > setting.last_month:
        raise GrowthringError(
            f"The data end on {setting.data_through}, before {at} does.",
            valid=f"The last complete month is {setting.last_complete_month}.",
        )
    return month


def is_partial(reading: Reading, month: Month) -> bool:
    """Whether the data stop before the month does."""
    return month > reading.ledger.setting.last_complete_month


def undefined_because(
    reading: Reading,
    metric: Metric,
    at: Month,
    denominator: Decimal | None,
    *,
    include_partial: bool,
    period: PeriodKind = PeriodKind.MONTH,
) -> str:
    """Return why a metric has no value at a month, or empty text when it may have one."""
    if is_partial(reading, at) and metric.unit.value in ("ratio", "index") and not include_partial:
        through = reading.ledger.setting.data_through
        return f"undefined, because {at} is cut off: the data end on {through}; ask for {at - 1}, or add --include-partial"
    first = reading.first_month
    if first is None:
        return "undefined, because there is no recurring revenue under this policy"
    base = base_month(reading.policy, metric, at, period)
    if metric.relation == "retention" and base < first:
        return f"undefined, because it compares with {base} and revenue is known from {first} on"
    if metric.denominator and not denominator:
        return f"undefined, because {metric.undefined}"
    return ""


def caveats(reading: Reading, months: Iterable[Month]) -> list[str]:
    """Return what a reader must know: cut-off months, rejected money, missing rates, doubtful definitions."""
    found: list[str] = []
    policy, setting = reading.policy, reading.ledger.setting
    cut = sorted({month for month in months if is_partial(reading, month)})
    if cut:
        found.append(f"{cut[-1]} is partial: the data end on {setting.data_through}.")
    found += _left_out(reading)
    if policy.warning:
        found.append(f"Policy {policy.name}: {policy.warning}")
    if policy.inferred:
        found.append(f"Policy {policy.name}, not said by its source: {policy.inferred}")
    return found


_LEFT_OUT: dict[tuple[str, str, str], list[str]] = {}
"""By snapshot, setting and price books, what is left out of every figure: it does not change, and every Answer asks for it."""


def _left_out(reading: Reading) -> list[str]:
    books = reading.project.data_token() if reads_rated(reading.policy) else ""
    key = (reading.snapshot.snapshot_id, repr(reading.ledger.setting), books)
    if key not in _LEFT_OUT:
        while len(_LEFT_OUT) >= _SETTINGS_KEPT:
            _LEFT_OUT.pop(next(iter(_LEFT_OUT)))
        _LEFT_OUT[key] = [*_rejected(reading), *_unconverted(reading)]
    return _LEFT_OUT[key]


def _rejected(reading: Reading) -> list[str]:
    paths = [str(path) for path in problem_files(reading.project.store, reading.snapshot)]
    if not paths or not any(file.rejected for file in reading.snapshot.files):
        return []
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    rows = reading.ledger.connection.execute(
        f"SELECT code, COALESCE(currency, ''), COUNT(*), SUM(amount) FROM read_parquet([{listed}]) "
        "WHERE severity = 'rejected' AND table_name IN ('invoice_line', 'contract_line') GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    ).fetchall()
    counts: dict[str, int] = {}
    worth: dict[str, list[str]] = {}
    for code, currency, count, total in rows:
        counts[code] = counts.get(code, 0) + count
        if currency in EXPONENT and total is not None:
            worth.setdefault(code, []).append(f"{currency} {Decimal(money(total, currency)):,}")
    parts = [
        f"{count:,} × {code} worth {', '.join(worth[code])}" if code in worth else f"{count:,} × {code}"
        for code, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]
    more = [f"{len(parts) - _CODES_TOLD} more codes"] if len(parts) > _CODES_TOLD else []
    told = "; ".join([*parts[:_CODES_TOLD], *more])
    return [f"Left out as problem rows: {told} (`growthring problems`)."] if parts else []


def _unconverted(reading: Reading) -> list[str]:
    sources = ["invoice_line", "contract_line", *(["bill"] if reads_rated(reading.policy) else [])]
    amounts = " UNION ALL ".join(f"SELECT currency FROM {source}" for source in sources)
    rows = reading.ledger.connection.execute(
        f"SELECT DISTINCT currency FROM ({amounts}) WHERE currency NOT IN (SELECT currency FROM reporting_rate) ORDER BY 1"
    ).fetchall()
    if not rows:
        return []
    names = ", ".join(row[0] for row in rows)
    return [f"No exchange rate from {names} to {reading.currency}: revenue in it is left out. Add an fx_rate source."]
