"""Exchange rates of the last day of the data: sums over currencies in which prices alone make the difference."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import duckdb

from growthring.engine.relation import literal
from growthring.operations.project import Project
from growthring.revenue.exchange import reporting_rates


def last_rates(project: Project, connection: duckdb.DuckDBPyConnection) -> Mapping[str, Decimal]:
    """Return by currency what one unit of it is worth in the reporting currency.

    Args:
        project: The project.
        connection: Where its canonical tables are open.
    """
    setting = project.setting(project.snapshot())
    quotes = connection.execute(
        f"SELECT base_currency, quote_currency, rate_on, rate FROM fx_rate WHERE known_at <= {literal(setting.as_of)}"
    ).fetchall()
    spans = reporting_rates(quotes, setting.currency)
    return {code: value for code, start, end, value in spans if start <= setting.data_through < end}


def converted(amounts: Iterable[tuple[str, Decimal]], rates: Mapping[str, Decimal]) -> Decimal:
    """Return the sum of amounts by currency at some rates; a currency without a rate is left out."""
    return sum((amount * rates.get(currency, Decimal(0)) for currency, amount in amounts), Decimal(0))
