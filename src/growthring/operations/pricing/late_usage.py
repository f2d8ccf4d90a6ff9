"""Usage that is billed after its month: what is still to come to the last month known."""

from growthring.engine.relation import literal
from growthring.kernel.period import Month
from growthring.operations.reading import Reading
from growthring.revenue.policy import Basis, Smoothing, UsageEvidence

_MONTHS = 3
_AVERAGED = {Smoothing.TRAILING_3: 3, Smoothing.TRAILING_12: 12, Smoothing.COMMITTED_PLUS_TRAILING: 3}


def usage_to_come(reading: Reading, last: Month) -> dict[str, float]:
    """Return, by account, the revenue of the last month that invoices will bring after what is known.

    Usage is often billed in the month after it: on the last day of a month its revenue is not known yet, and every forecast would
    start too low. Where the usage lines of the last month have arrived, at least half as many as came late to the month before,
    nothing is added. Otherwise it is the median of what came late to the three months before, so that one spike does not repeat;
    accounts to which less than two of them brought anything get nothing.

    Args:
        reading: An open ledger.
        last: The last month used.
    """
    policy, connection = reading.policy, reading.ledger.connection
    if (
        policy.usage != "include"
        or policy.usage_evidence is not UsageEvidence.INVOICES
        or policy.smoothing is Smoothing.QUARTER_X4
    ):
        return {}
    first = last - _MONTHS
    rows = connection.execute(
        f"""
        SELECT line.account_id, YEAR(line.period_start) * 12 + MONTH(line.period_start) - 1 AS month,
          SUM(line.amount * rate.rate) AS amount, COUNT(*) AS lines
        FROM invoice_line AS line
        JOIN reporting_rate AS rate ON rate.currency = line.currency
          AND rate.from_on <= {literal(last.last_day)} AND rate.to_on > {literal(last.last_day)}
        WHERE line.kind = 'usage' AND line.known_at <= {literal(reading.ledger.setting.as_of)}
          AND line.period_start BETWEEN {literal(first.first_day)} AND {literal(last.last_day)}
          AND line.known_at >= CAST(LAST_DAY(line.period_start) AS DATE) + INTERVAL 1 DAY
        GROUP BY 1, 2
        """
    ).fetchall()
    lines = {month: sum(row[3] for row in rows if row[1] == month) for month in range(first.index, last.index + 1)}
    if 2 * lines[last.index] >= lines[last.index - 1]:
        return {}
    averaged = policy.usage_window if policy.basis is Basis.USAGE_SMOOTHED else _AVERAGED.get(policy.smoothing, 1)
    by_account: dict[str, list[float]] = {}
    for account, month, amount, _ in rows:
        if month < last.index:
            by_account.setdefault(account, []).append(float(amount))
    return {account: _middle(found) / averaged for account, found in by_account.items() if len(found) > 1}


def _middle(amounts: list[float]) -> float:
    """Return the median over three months, months without anything counting 0."""
    padded = sorted([*amounts, *[0.0] * (_MONTHS - len(amounts))])
    return padded[_MONTHS // 2]
