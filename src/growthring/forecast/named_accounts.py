"""Rows for accounts that somebody speaks about and that have no history: a customer who signed and has not begun."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from growthring.forecast.panel import Cell, Panel
from growthring.journal.forecast_entries import Override


def with_named_accounts(
    panel: Panel, entries: Iterable[Override], attributes: Mapping[str, Mapping[str, str]] | None = None
) -> Panel:
    """Return a panel with a row for each account that an override names and that has none, so that the override counts.

    A model says nothing about such a row: it was no customer in any month known.

    Args:
        panel: The history.
        entries: Overrides that count.
        attributes: Value of each attribute by account, for accounts that have one.
    """
    known = set(panel.accounts.tolist())
    named = sorted({each.account_id for each in entries if each.account_id is not None} - known)
    if not named:
        return panel
    accounts = np.array(named, dtype=np.str_)
    held = {
        name: np.concatenate([values, np.array([(attributes or {}).get(name, {}).get(each, "(unknown)") for each in named])])
        for name, values in panel.attributes.items()
    }
    shape = (len(named), panel.months)
    return replace(
        panel,
        accounts=np.concatenate([panel.accounts, accounts]),
        series=np.concatenate([panel.series, np.full(len(named), "", np.str_)]),
        values=np.concatenate([panel.values, np.full(shape, np.nan)]),
        cells=np.concatenate([panel.cells, np.full(shape, Cell.NOT_YET, np.uint8)]),
        attributes=held,
    )
