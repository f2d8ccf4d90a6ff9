"""A downturn: usage falls by industry, commitments hold or are renewed lower, and cash comes in later and less (FC-26)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np

from growthring.engine.relation import literal
from growthring.forecast.downturn import AHEAD, CUT, CashEffect, Evidence, cash_effect, evidence
from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.pricing.commitments import define_drawable
from growthring.operations.pricing.rating import rate, rating_caveats
from growthring.operations.project import Project
from growthring.pricing.commitments import RevenueSplit, compute_commitments, revenue_split
from growthring.pricing.stored_rating import Rating
from growthring.revenue.exchange import reporting_rates

_DEFINITION = (
    "Revenue of the last twelve months by how firmly it is promised, and what a fall of usage takes of it in a year: low while "
    "commitments hold, high once they are renewed at the lower usage; cash is what does not come in within twelve months. The "
    "value is the low one; fees and seats are not touched."
)
EVERYONE = "all"
_DAYS_OF_A_MONTH = 365.25 / 12
_BILLED_AFTER = 0.5
"""Months from use to the bill, in the middle: usage is billed when its month is over."""


@dataclass(frozen=True)
class _Family:
    """A family of accounts under its shock, in the reporting currency."""

    account_id: str
    group: str
    split: RevenueSplit
    rate: Decimal
    cash: CashEffect

    def worth(self, amount: Decimal | float) -> Decimal:
        return Decimal(repr(amount)) * self.rate if isinstance(amount, float) else amount * self.rate


def downturn(
    project: Project,
    shocks: Mapping[str, Decimal],
    *,
    by: str = "industry",
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer what a fall in usage does to revenue and cash, and who is most likely to cut.

    Args:
        project: The project.
        shocks: Share by which usage of a group falls, 0 to 1; ``all`` is for groups not named.
        by: The account attribute that names groups.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    rating = rate(project, as_of=as_of, progress=progress)
    connection, day = rating.connection, rating.terms.through + timedelta(days=1)
    _check(connection, shocks, by)
    currency = project.settings.project.currency
    delay, told = _delay(connection, rating.terms.as_of)
    families, foreign = _families(rating, shocks, by, currency, delay)
    found, accounts = _evidence(connection, rating.terms.through)
    low = sum((each.worth(each.split.at_risk_low_amount) for each in families), Decimal(0))
    told += [f"No exchange rate from {', '.join(sorted(foreign))} to {currency}: left out."] if foreign else []
    return Answer(
        metric="downturn", value=money(low, currency), unit=f"{currency} per year", at=day.isoformat(), definition=_DEFINITION,
        policy={"name": "commitments", "version": "rating"}, snapshot=project.snapshot().snapshot_id,
        rows=[*_group_rows(families, shocks, by, currency), *_customer_rows(families, found, accounts, by, currency)],
        caveats=[_told(found), *told, *rating_caveats(rating)],
    )  # fmt: skip


def _families(
    rating: Rating, shocks: Mapping[str, Decimal], by: str, currency: str, delay: float
) -> tuple[list[_Family], set[str]]:
    """Return every family of accounts under the shock of its group, and the currencies that cannot be converted."""
    connection, day = rating.connection, rating.terms.through + timedelta(days=1)
    define_drawable(connection)
    computed = compute_commitments(connection, day)
    rates = _rates(connection, currency, rating.terms.through, rating.terms.as_of)
    ends = _commitment_ends(connection, day)
    families: list[_Family] = []
    foreign: set[str] = set()
    for stress in sorted({*shocks.values(), Decimal(0)}):
        for each in revenue_split(connection, stress, on=day, attribute=by, computed=computed):
            group = each.segment or "(unknown)"
            if _stress(shocks, group) != stress:
                continue
            if each.currency not in rates:
                foreign.add(each.currency)
                continue
            until = ends.get(each.account_id)
            renewal = None if until is None else (until - day).days / _DAYS_OF_A_MONTH
            risk = float(each.at_risk_low_amount), float(each.at_risk_high_amount)
            cash = cash_effect(*risk, delay_months=delay, renewal_months=renewal)
            families.append(_Family(each.account_id, group, each, rates[each.currency], cash))
    return families, foreign


def _stress(shocks: Mapping[str, Decimal], group: str) -> Decimal:
    """Return the share by which usage of a group falls."""
    return shocks.get(group, shocks.get(EVERYONE, Decimal(0)))


def read_shocks(given: Sequence[str]) -> dict[str, Decimal]:
    """Read GROUP=PERCENT pairs, such as ``retail=-30``.

    Raises:
        ConfigurationError: It is no pair, or no fall.
    """
    found: dict[str, Decimal] = {}
    for each in given:
        group, _, percent = each.rpartition("=")
        try:
            share = -Decimal(percent.removesuffix("%").strip()) / 100
        except ArithmeticError:
            share = Decimal(-1)
        if not group or not 0 <= share <= 1:
            raise ConfigurationError(
                f"Not a shock: {each!r}.", valid="Write GROUP=PERCENT with a fall of 0 to 100, such as retail=-30 or all=-10."
            )
        found[group.strip()] = share
    return found


def _check(connection: duckdb.DuckDBPyConnection, shocks: Mapping[str, Decimal], by: str) -> None:
    rows = connection.execute("SELECT DISTINCT attribute, value FROM account_attribute ORDER BY 1, 2").fetchall()
    named = set(shocks) - {EVERYONE}
    attributes = sorted({row[0] for row in rows})
    if named and by not in attributes:
        raise UnknownValueError("attribute", by, attributes, remedy="Map it under [sources.attributes] of the account source.")
    values = [row[1] for row in rows if row[0] == by and row[1]]
    for each in sorted(named - {*values, "(unknown)"}):
        raise UnknownValueError(by, each, [*values, EVERYONE])


def _rates(connection: duckdb.DuckDBPyConnection, currency: str, through: date, as_of: datetime) -> dict[str, Decimal]:
    """Return the exchange rates of the last day."""
    quotes = connection.execute(
        f"SELECT base_currency, quote_currency, rate_on, rate FROM fx_rate WHERE known_at <= {literal(as_of)}"
    ).fetchall()
    return {code: rate for code, start, end, rate in reporting_rates(quotes, currency) if start <= through < end}


def _delay(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> tuple[float, list[str]]:
    """Return the months from use to payment, and what they rest on."""
    row = connection.execute(
        "SELECT MEDIAN(DATE_DIFF('day', issued_on, paid_on)), COUNT(*) FROM invoice_line "
        f"WHERE paid_on IS NOT NULL AND amount > 0 AND known_at <= {literal(as_of)}"
    ).fetchone()
    if not row or not row[1]:
        return _BILLED_AFTER, ["No payment is known: cash is taken to come in when usage is billed."]
    delay = _BILLED_AFTER + float(row[0]) / _DAYS_OF_A_MONTH
    return delay, [f"Half of the invoice lines are paid within {float(row[0]):.0f} days; {row[1]:,} payments are known."]


def _commitment_ends(connection: duckdb.DuckDBPyConnection, day: date) -> dict[str, date]:
    """Return when the last commitment in force of each account ends."""
    rows = connection.execute(
        "SELECT account_id, MAX(ends_on) FROM commitment WHERE kind <> 'credit' AND starts_on <= ? AND ends_on > ? "
        "AND COALESCE(voided_on > ?, TRUE) GROUP BY 1",
        [day, day, day],
    ).fetchall()
    return dict(rows)


def _evidence(connection: duckdb.DuckDBPyConnection, through: date) -> tuple[Evidence, list[str]]:
    """Look for signs of who cuts in rated usage by account and month."""
    last = Month.of(through + timedelta(days=1)).index - 1
    columns = connection.execute(
        "SELECT account_id, YEAR(period_start) * 12 + MONTH(period_start) - 1 AS month, SUM(line.amount)::DOUBLE AS amount "
        "FROM rated_line AS line WHERE quantity <> 0 GROUP BY 1, 2 HAVING month <= ? ORDER BY 1, 2",
        [last],
    ).fetchnumpy()
    accounts, rows = np.unique(np.asarray(columns["account_id"], dtype=np.str_), return_inverse=True)
    months = np.asarray(columns["month"], dtype=np.int64)
    first = int(months.min()) if len(months) else last
    values = np.zeros((len(accounts), last - first + 1))
    values[rows, months - first] = columns["amount"]
    return evidence(values), [str(each) for each in accounts]


def _told(found: Evidence) -> str:
    cut = f"a cut of {100 * CUT:.0f} % or more within {AHEAD} months"
    if not found.sign or np.isnan(found.low):
        seen = f"; {found.cuts} of {found.customers} customers had one" if found.sign else ""
        return f"Who will cut cannot be told: too few months, or too few with {cut}{seen}. Customers stand by amount at risk."
    judged = f"'{found.sign}' ranked {100 * found.area:.0f} % of pairs right (at least {100 * found.low:.0f} %; a coin: 50 %)"
    rests = f"judged out of time on {found.cuts} of {found.customers} customers with {cut}"
    if found.tells:
        return f"Of the signs tried, {judged}, {rests}: customers stand by it."
    return f"Nothing tells who will cut: {judged}, {rests}. Customers stand by amount at risk."


def _group_rows(families: Sequence[_Family], shocks: Mapping[str, Decimal], by: str, currency: str) -> list[dict[str, Any]]:
    sums: dict[str, dict[str, Decimal]] = {}
    for each in families:
        amounts: dict[str, Decimal | float] = {
            "revenue": each.split.revenue_amount, "committed": each.split.committed_amount,
            "contracted": each.split.contracted_amount, "uncommitted": each.split.uncommitted_amount,
            "at_risk_low": each.split.at_risk_low_amount, "at_risk_high": each.split.at_risk_high_amount,
            "cash_low": each.cash.low, "cash_high": each.cash.high,
        }  # fmt: skip
        for group in (each.group, "total"):
            row = sums.setdefault(group, dict.fromkeys(amounts, Decimal(0)))
            for name, amount in amounts.items():
                row[name] += each.worth(amount)
    names = [*sorted(set(sums) - {"total"}), *(["total"] if sums else [])]
    return [
        {"kind": "group", by: group, "shock": None if group == "total" else _percent(shocks, group)}
        | {name: money(amount, currency) for name, amount in sums[group].items()}
        for group in names
    ]


def _percent(shocks: Mapping[str, Decimal], group: str) -> str:
    share = _stress(shocks, group)
    return f"{-100 * share:.0f} %" if share else "0 %"


def _customer_rows(
    families: Sequence[_Family], found: Evidence, accounts: Sequence[str], by: str, currency: str
) -> list[dict[str, Any]]:
    score = dict(zip(accounts, found.score.tolist(), strict=True))
    hit = [each for each in families if each.split.at_risk_high_amount > 0]
    if found.tells:
        hit.sort(key=lambda each: (-score.get(each.account_id, float("-inf")), each.account_id))
    else:
        hit.sort(key=lambda each: (-each.worth(each.split.at_risk_high_amount), each.account_id))
    rows = []
    for each in hit:
        row: dict[str, Any] = {"kind": "customer", "account_id": each.account_id, by: each.group}
        row["at_risk_low"] = money(each.worth(each.split.at_risk_low_amount), currency)
        row["at_risk_high"] = money(each.worth(each.split.at_risk_high_amount), currency)
        if found.tells:
            row["sign"] = round(score.get(each.account_id, 0.0), 3)
        rows.append(row)
    return rows
