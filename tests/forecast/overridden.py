"""Panels and overrides made by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from growthring.forecast.panel import Cell, Panel
from growthring.journal.forecast_entries import Override, OverrideLayer, OverrideMethod, OverrideReason
from growthring.kernel.period import Month

START = Month.parse("2025-01").index
ORIGIN = START + 11
RECORDED = datetime(2025, 12, 28, tzinfo=UTC)


def panel_of(
    values: np.ndarray, *, accounts: list[str] | None = None, series: list[str] | None = None, **attributes: list[str]
) -> Panel:
    """A panel from values; negative or not, every cell is known."""
    rows = len(values)
    return Panel(
        accounts=np.array(accounts or [f"a{number}" for number in range(rows)]),
        series=np.array(series or [""] * rows),
        first_month=START,
        values=np.asarray(values, np.float64),
        cells=np.full(values.shape, Cell.PRESENT, np.uint8),
        attributes={name: np.array(each) for name, each in attributes.items()},
    )


def override(method: OverrideMethod, amount: str, **changed: Any) -> Override:
    """A rep's override of everything for good, unless said otherwise."""
    values: dict[str, Any] = {
        "override_id": 1,
        "layer": OverrideLayer.REP,
        "method": method,
        "amount": Decimal(amount),
        "measure": "revenue",
        "first_month": ORIGIN + 1,
        "last_month": None,
        "reason_code": OverrideReason.EXPANSION,
        "note": "they said so",
        "confidence": 0.5,
        "author": "Kim",
        "recorded_at": RECORDED,
    }
    return Override(**values | changed)
