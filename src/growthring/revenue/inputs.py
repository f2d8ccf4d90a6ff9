"""The small tables beside the canonical ones that the relations read: calendar, currencies, rates, families, tags."""

from collections.abc import Sequence
from decimal import Decimal

import duckdb

from growthring.engine.relation import Literal, literal
from growthring.engine.small_table import put_rows
from growthring.kernel.currency import EXPONENT
from growthring.kernel.period import Month
from growthring.revenue.exchange import reporting_rates
from growthring.revenue.hierarchy import EntitySpan, FamilyVersion, entity_spans
from growthring.revenue.pipeline import Shape
from growthring.revenue.policy import Policy
from growthring.revenue.setting import Setting

_CALENDAR = (Month.parse("1970-01"), Month.parse("2100-12"))

INPUT_COLUMNS = {
    "month_spine": "month INTEGER, first_day DATE, last_day DATE, next_first_day DATE",
    "currency_unit": "currency VARCHAR, units_per_major BIGINT, unit_amount DECIMAL(18,4)",
    "reporting_rate": "currency VARCHAR, from_on DATE, to_on DATE, rate DECIMAL(18,8)",
    "entity_span": "account_id VARCHAR, entity_id VARCHAR, from_month INTEGER, to_month INTEGER",
    "tag": "tag VARCHAR, account_id VARCHAR, product_id VARCHAR, first_month INTEGER, last_month INTEGER",
    "excluded_account": "account_id VARCHAR",
    "excluded_product": "product_id VARCHAR",
}
"""The input tables with their columns."""


def load_inputs(connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting) -> Shape:
    """Create the input tables in a connection whose canonical tables are open.

    Returns:
        What the data look like, as far as it decides which relations are needed.
    """
    spans = _families(connection, policy, setting)
    _put(connection, "month_spine", _months())
    _put(connection, "currency_unit", [(code, 10**decimals, Decimal(1).scaleb(-decimals)) for code, decimals in EXPONENT.items()])
    _put(connection, "reporting_rate", _rates(connection, setting))
    _put(connection, "entity_span", [(each.account_id, each.entity_id, each.from_month, each.to_month) for each in spans])
    _put(
        connection,
        "tag",
        [(each.tag, each.account_id, each.product_id, each.first_month.index, each.last_month.index) for each in setting.tags],
    )
    _exclusions(connection, policy, setting)
    return Shape(has_families=bool(spans))


def shape_of(connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting) -> Shape:
    """Return what the data look like under a policy, as `load_inputs` does, without making its tables."""
    return Shape(has_families=bool(_families(connection, policy, setting)))


def _put(connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[Literal, ...]]) -> None:
    put_rows(connection, name, INPUT_COLUMNS[name], rows)


def _months() -> list[tuple[Literal, ...]]:
    months = [Month(index) for index in range(_CALENDAR[0].index, _CALENDAR[1].index + 1)]
    return [(month.index, month.first_day, month.last_day, (month + 1).first_day) for month in months]


def _rates(connection: duckdb.DuckDBPyConnection, setting: Setting) -> list[tuple[Literal, ...]]:
    quotes = connection.execute(
        f"SELECT base_currency, quote_currency, rate_on, rate FROM fx_rate WHERE known_at <= {literal(setting.as_of)}"
    ).fetchall()
    return list(reporting_rates(quotes, setting.currency))


def _families(connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting) -> list[EntitySpan]:
    rows = connection.execute(
        f"""
        WITH known AS (SELECT * FROM account WHERE known_at <= {literal(setting.as_of)}),
        related AS (
          SELECT account_id FROM known WHERE parent_account_id IS NOT NULL OR merged_into_account_id IS NOT NULL
          UNION SELECT parent_account_id FROM known UNION SELECT merged_into_account_id FROM known
        )
        SELECT account_id, parent_account_id, merged_into_account_id, merged_on, valid_from
        FROM known WHERE account_id IN (SELECT account_id FROM related)
        """
    ).fetchall()
    return entity_spans((FamilyVersion(*row) for row in rows), policy)


def _exclusions(connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting) -> None:
    _put(connection, "excluded_account", [])
    _put(connection, "excluded_product", [])
    for exclusion in policy.exclude:
        value = literal(exclusion.value)
        if exclusion.attribute == "kind":
            continue  # left out where lines are read, by the parameters
        if exclusion.attribute == "product":
            connection.execute(f"INSERT INTO excluded_product VALUES ({value})")
        elif exclusion.attribute == "product_family":
            connection.execute(f"INSERT INTO excluded_product SELECT product_id FROM product WHERE family = {value}")
        else:
            connection.execute(
                "INSERT INTO excluded_account SELECT account_id FROM account_attribute "
                f"WHERE attribute = {literal(exclusion.attribute)} AND known_at <= {literal(setting.as_of)} "
                f"GROUP BY account_id HAVING arg_max(value, valid_from) = {value}"
            )
