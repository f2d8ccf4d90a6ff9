"""The three real data sets as panels, with their defects turned into masks."""

from pathlib import Path

import duckdb
import numpy as np

from growthring.forecast.panel import Cell, Panel

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def usage_panel(data: Path = DATA) -> Panel:
    """Return monthly usage of 15,177 products; absence means "below the cut" and is MISSING, as are 2020-02 and 2025-01.

    The list's length changed five times, so an account's first month is no start: it is only the first month above the cut.
    """
    rows = _read(
        data / "usage_panel" / "monthly_usage.parquet",
        "SELECT account_id, (year(month) * 12 + month(month) - 1)::INTEGER AS month, quantity::DOUBLE AS value FROM '{path}'",
    )
    return _filled(rows, unit="downloads", before=Cell.MISSING, between=Cell.MISSING, after=Cell.MISSING)


def london_meters(data: Path = DATA) -> Panel:
    """Return monthly kWh of 1,141 customers.

    A customer begins with the first whole month that was read; months in which a day is null or lacks are MISSING, as nobody
    knows what was used; a meter that ends early for no recorded reason is MISSING afterwards. The last month of the data, of
    which one day at most was read, is dropped.
    """
    rows = _read(
        data / "london_meters" / "daily_kwh.parquet",
        """
        WITH daily AS (
            SELECT LCLid AS account_id, day, kwh FROM '{path}' WHERE kwh IS NOT NULL
        )
        SELECT account_id, (year(day) * 12 + month(day) - 1)::INTEGER AS month, sum(kwh)::DOUBLE AS value
        FROM daily
        GROUP BY ALL
        HAVING count(*) = any_value(day(last_day(day)))
        """,
    )
    accounts = duckdb.read_csv(str(data / "london_meters" / "accounts.csv")).fetchnumpy()
    panel = _filled(rows, unit="kWh", before=Cell.NOT_YET, between=Cell.MISSING, after=Cell.MISSING)
    names = accounts["account_id"].astype(str).tolist()
    attributes = {
        name: np.array([dict(zip(names, accounts[column].astype(str).tolist(), strict=True))[key] for key in panel.accounts])
        for name, column in (("segment", "acorn_group"), ("tariff", "tariff"))
    }
    return Panel(panel.accounts, panel.series, panel.first_month, panel.values, panel.cells, panel.unit, attributes)


def online_retail(data: Path = DATA) -> Panel:
    """Return monthly revenue in GBP of each known customer of the shop, cancellations taken off in their month.

    Lines that stand in both sheets count once (the later sheet's from 2010-12-01 on), exact duplicates inside a sheet once;
    adjustments of bad debt, lines without a customer or with a price ≤ 0, and codes that are postage, fees or samples are left
    out. Nobody cancels a contract here: a month without an order is ZERO, before the first order NOT_YET. The cut month 2011-12
    is dropped. A month in which more came back than was bought stays negative.
    """
    rows = _read(
        data / "online_retail" / "online_retail_ii.parquet",
        """
        WITH line AS (
            SELECT DISTINCT sheet, InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
            FROM '{path}'
            WHERE CustomerID IS NOT NULL
                AND UnitPrice > 0
                AND NOT InvoiceNo LIKE 'A%'
                AND regexp_matches(StockCode, '^[0-9]{{5}}')
                AND NOT (sheet = 'Y2009-2010' AND InvoiceDate >= TIMESTAMP '2010-12-01')
                AND InvoiceDate < TIMESTAMP '2011-12-01'
        )
        SELECT
            CustomerID::VARCHAR AS account_id,
            (year(InvoiceDate) * 12 + month(InvoiceDate) - 1)::INTEGER AS month,
            sum(Quantity * UnitPrice::DECIMAL(12, 3))::DOUBLE AS value,
            any_value(if(Country = 'United Kingdom', 'home', 'abroad')) AS segment
        FROM line
        GROUP BY CustomerID, 2
        """,
    )
    panel = _filled(rows, unit="GBP per month", before=Cell.NOT_YET, between=Cell.ZERO, after=Cell.ZERO)
    segment = dict(zip(rows["account_id"].tolist(), rows["segment"].tolist(), strict=True))
    attributes = {"segment": np.array([segment[account] for account in panel.accounts])}
    return Panel(panel.accounts, panel.series, panel.first_month, panel.values, panel.cells, panel.unit, attributes)


def _read(path: Path, statement: str) -> dict[str, np.ndarray]:
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: the real data lie in ../shared/data, seen from the project's root.")
    found = duckdb.connect().sql(statement.format(path=path) + " ORDER BY account_id, month").fetchnumpy()
    return {name: np.asarray(values) for name, values in found.items()}


def _filled(rows: dict[str, np.ndarray], *, unit: str, before: Cell, between: Cell, after: Cell) -> Panel:
    """Return the panel of sorted rows; cells without a row are what the three arguments say."""
    accounts, place = np.unique(rows["account_id"].astype(str), return_inverse=True)
    first_month, last_month = int(rows["month"].min()), int(rows["month"].max())
    columns = rows["month"].astype(np.int64) - first_month
    values = np.full((len(accounts), last_month - first_month + 1), np.nan)
    values[place, columns] = rows["value"]
    known = np.isfinite(values)
    months = np.arange(values.shape[1])
    first, last = known.argmax(axis=1)[:, None], (len(months) - 1 - known[:, ::-1].argmax(axis=1))[:, None]
    absent = np.where(months < first, before, np.where(months > last, after, between))
    cells = np.where(known, np.where(values == 0, Cell.ZERO, Cell.PRESENT), absent).astype(np.uint8)
    values[cells == Cell.ZERO] = 0.0
    return Panel(accounts, np.full(len(accounts), ""), first_month, values, cells, unit)
