"""Which rows of a panel a person's entry is about."""

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Panel
from growthring.journal.forecast_entries import Override, OverrideMethod

_LISTED = 8


class Scopes:
    """Finds the rows of entries about accounts, groups of accounts, or everything.

    Args:
        panel: The panel.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._order = np.argsort(panel.accounts, kind="stable")
        self._sorted = panel.accounts[self._order]

    def find(self, entry: Override) -> tuple[NDArray[np.int64], str]:
        """Return the rows of an entry, and why there are none."""
        if entry.account_id is not None:
            return self._of_account(entry.account_id, entry.series, entry.method == OverrideMethod.ADD)
        if entry.attribute is not None:
            return self._of_group(entry.attribute, entry.value or "")
        return np.arange(self._panel.rows), "" if self._panel.rows else "the forecast has no accounts"

    def _of_account(self, account: str, series: str | None, adds: bool) -> tuple[NDArray[np.int64], str]:
        first, last = (int(np.searchsorted(self._sorted, account, side=side)) for side in ("left", "right"))
        rows = np.sort(self._order[first:last])
        if not len(rows):
            return rows, f"the forecast has no account {account}"
        if series is None:
            return rows, ""
        if (self._panel.series[rows] == "").all():
            return (rows, "") if adds else (rows[:0], f"the forecast keeps {account} whole: to one of its series, only add")
        chosen = rows[self._panel.series[rows] == series]
        return chosen, "" if len(chosen) else f"{account} has no series {series}; it has {_list(self._panel.series[rows])}"

    def _of_group(self, attribute: str, value: str) -> tuple[NDArray[np.int64], str]:
        known = self._panel.attributes
        if attribute not in known:
            return np.zeros(0, np.int64), f"accounts have no attribute {attribute}; they have {', '.join(known) or 'none'}"
        rows = np.flatnonzero(known[attribute] == value)
        return rows, "" if len(rows) else f"no account has {attribute}={value}; there is {_list(known[attribute])}"


def _list(names: NDArray[np.str_]) -> str:
    found = [str(each) for each in np.unique(names)]
    more = [f"and {len(found) - _LISTED} more"] if len(found) > _LISTED else []
    return ", ".join([*found[:_LISTED], *more])
