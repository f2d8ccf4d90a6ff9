"""The small tables beside the canonical ones that the relations read: calendar, currencies, rates, families, tags."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from growthring.kernel.currency import EXPONENT
from growthring.kernel.period import Month
from growthring.revenue.exchange import reporting_rates
from growthring.revenue.hierarchy import EntitySpan, FamilyVersion, entity_spans
from growthring.revenue.pipeline import Shape
from growthring.revenue.policy import Policy
from growthring.revenue.setting import Setting

_CALENDAR = (Month.parse("1970-01"), Month.parse("2100-12"))


def load_inputs(connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting) -> Shape:
    """Create the input tables in a connection whose canonical tables are open.

    Returns:
        What the data look like, as far as it decides which relations are needed.
    """
    put(connection, "month_spine", month_spine())
    put(connection, "currency_unit", currency_units())
    put(connection, "reporting_rate", _rates(connection, setting))
    put(connection, "tag", tag_table(setting))
    spans = _families(connection, policy, setting)
    put(connection, "entity_span", entity_table(spans))
    _exclusions(connection, policy, setting)
    return Shape(has_families=bool(spans))


def put(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Copy an Arrow table into the connection under a name."""
    connection.register("arriving", table)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM arriving")
    connection.unregister("arriving")


def month_spine() -> pa.Table:
    """Return one row a month: month, first_day, last_day, next_first_day."""
    months = [Month(index) for index in range(_CALENDAR[0].index, _CALENDAR[1].index + 1)]
    return pa.table(
        {
            "month": pa.array([month.index for month in months], pa.int32()),
            "first_day": pa.array([month.first_day for month in months], pa.date32()),
            "last_day": pa.array([month.last_day for month in months], pa.date32()),
            "next_first_day": pa.array([(month + 1).first_day for month in months], pa.date32()),
        }
    )


def currency_units() -> pa.Table:
    """Return one row a currency: minor units per major unit and the amount of one minor unit."""
    codes = sorted(EXPONENT)
    return pa.table(
        {
            "currency": pa.array(codes, pa.string()),
            "units_per_major": pa.array([10 ** EXPONENT[code] for code in codes], pa.int64()),
            "unit_amount": pa.array([Decimal(1).scaleb(-EXPONENT[code]) for code in codes], pa.decimal128(18, 4)),
        }
    )


def rate_table(spans: Iterable[tuple[str, date, date, Decimal]]) -> pa.Table:
    """Return the rates into the reporting currency with the days they hold for."""
    rows = list(spans)
    return pa.table(
        {
            "currency": pa.array([row[0] for row in rows], pa.string()),
            "from_on": pa.array([row[1] for row in rows], pa.date32()),
            "to_on": pa.array([row[2] for row in rows], pa.date32()),
            "rate": pa.array([row[3].quantize(Decimal("0.00000001")) for row in rows], pa.decimal128(18, 8)),
        }
    )


def entity_table(spans: Sequence[EntitySpan]) -> pa.Table:
    """Return the months in which accounts count under another entity."""
    return pa.table(
        {
            "account_id": pa.array([span.account_id for span in spans], pa.string()),
            "entity_id": pa.array([span.entity_id for span in spans], pa.string()),
            "from_month": pa.array([span.from_month for span in spans], pa.int32()),
            "to_month": pa.array([span.to_month for span in spans], pa.int32()),
        }
    )


def tag_table(setting: Setting) -> pa.Table:
    """Return what people noted about months of accounts."""
    tags = setting.tags
    return pa.table(
        {
            "tag": pa.array([tag.tag for tag in tags], pa.string()),
            "account_id": pa.array([tag.account_id for tag in tags], pa.string()),
            "product_id": pa.array([tag.product_id for tag in tags], pa.string()),
            "first_month": pa.array([tag.first_month.index for tag in tags], pa.int32()),
            "last_month": pa.array([tag.last_month.index for tag in tags], pa.int32()),
        }
    )


def _rates(connection: duckdb.DuckDBPyConnection, setting: Setting) -> pa.Table:
    quotes = connection.execute(
        "SELECT base_currency, quote_currency, rate_on, rate FROM fx_rate WHERE known_at <= ?", [setting.as_of]
    ).fetchall()
    return rate_table(reporting_rates(quotes, setting.currency))


def _families(connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting) -> list[EntitySpan]:
    rows = connection.execute(
        """
        WITH known AS (SELECT * FROM account WHERE known_at <= ?),
        related AS (
          SELECT account_id FROM known WHERE parent_account_id IS NOT NULL OR merged_into_account_id IS NOT NULL
          UNION SELECT parent_account_id FROM known UNION SELECT merged_into_account_id FROM known
        )
        SELECT account_id, parent_account_id, merged_into_account_id, merged_on, valid_from
        FROM known WHERE account_id IN (SELECT account_id FROM related)
        """,
        [setting.as_of],
    ).fetchall()
    return entity_spans((FamilyVersion(*row) for row in rows), policy)


def _exclusions(connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting) -> None:
    connection.execute("CREATE OR REPLACE TABLE excluded_account (account_id VARCHAR)")
    connection.execute("CREATE OR REPLACE TABLE excluded_product (product_id VARCHAR)")
    for exclusion in policy.exclude:
        values: list[Any] = [exclusion.value]
        if exclusion.attribute == "kind":
            continue  # left out where lines are read, by the parameters
        if exclusion.attribute == "product":
            connection.execute("INSERT INTO excluded_product VALUES (?)", values)
        elif exclusion.attribute == "product_family":
            connection.execute("INSERT INTO excluded_product SELECT product_id FROM product WHERE family = ?", values)
        else:
            connection.execute(
                """
                INSERT INTO excluded_account
                SELECT account_id FROM account_attribute WHERE attribute = ? AND known_at <= ?
                GROUP BY account_id HAVING arg_max(value, valid_from) = ?
                """,
                [exclusion.attribute, setting.as_of, exclusion.value],
            )
