"""Recurring revenue of every account by month as a panel with the attributes of accounts: what analyses of the base read."""

import numpy as np

from growthring.engine.relation import literal
from growthring.forecast.panel import Cell, Panel
from growthring.kernel.errors import UnknownValueError
from growthring.operations.reading import Reading


def account_panel(reading: Reading) -> Panel:
    """Return a(t) of every account to the last complete month; an account is gone when it never pays again.

    Attributes are those known at the end of the data.
    """
    setting = reading.ledger.setting
    last = setting.last_complete_month.index
    columns = reading.ledger.connection.execute(
        "SELECT account_id, month, CAST(SUM(recurring_amount) AS DOUBLE) AS amount FROM panel WHERE month <= ? "
        "GROUP BY 1, 2 HAVING SUM(recurring_amount) > 0 ORDER BY 1, 2",
        [last],
    ).fetchnumpy()
    accounts, rows = np.unique(np.asarray(columns["account_id"], dtype=np.str_), return_inverse=True)
    months = np.asarray(columns["month"], dtype=np.int64)
    first = int(months.min()) if len(months) else last
    values = np.zeros((len(accounts), last - first + 1))
    values[rows, months - first] = np.asarray(columns["amount"], dtype=np.float64)
    return Panel(
        accounts,
        np.full(len(accounts), ""),
        first,
        *_told(values),
        unit=f"{reading.currency} per month",
        attributes=_attributes(reading, accounts),
    )


def _told(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell the months before the first amount and after the last from those in which nothing was paid."""
    paid = values > 0
    before = np.cumsum(paid, axis=1) == 0
    after = np.cumsum(paid[:, ::-1], axis=1)[:, ::-1] == 0
    cells = np.where(paid, Cell.PRESENT, Cell.ZERO)
    cells = np.where(before, Cell.NOT_YET, np.where(after, Cell.GONE, cells)).astype(np.uint8)
    return np.where(before | after, np.nan, values), cells


def _attributes(reading: Reading, accounts: np.ndarray) -> dict[str, np.ndarray]:
    known, through = literal(reading.ledger.setting.as_of), literal(reading.ledger.setting.data_through)
    rows = reading.ledger.connection.execute(
        "WITH dated AS (SELECT *, COALESCE(valid_from, DATE '0001-01-01') AS from_on FROM account_attribute "
        f"WHERE known_at <= {known}) "
        f"SELECT attribute, account_id, ARG_MAX(value, from_on) FROM dated WHERE from_on <= {through} GROUP BY 1, 2 ORDER BY 1"
    ).fetchall()
    at = {name: index for index, name in enumerate(accounts.tolist())}
    found: dict[str, list[str]] = {}
    for attribute, account, value in rows:
        column = found.setdefault(attribute, ["(unknown)"] * len(accounts))
        if account in at:
            column[at[account]] = value or "(unknown)"
    return {name: np.array(column, dtype=np.str_) for name, column in found.items()}


def check_attribute(panel: Panel, by: str) -> None:
    """Refuse an attribute that no account has.

    Raises:
        UnknownValueError: Lists those there are.
    """
    if by not in panel.attributes:
        raise UnknownValueError(
            "attribute", by, panel.attributes, remedy="Map it under [sources.attributes] of the account source."
        )
