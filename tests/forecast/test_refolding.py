from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from growthring.engine.store import Store
from growthring.forecast.layers import Folded, Layer, Method, fold
from growthring.forecast.panel import Panel
from growthring.forecast.refolding import refold
from growthring.forecast.sharing import PER_ONE
from growthring.forecast.snapshots import (
    INTERVAL_SCHEMA,
    LINE_SCHEMA,
    NEW_CUSTOMERS,
    ForecastFacts,
    StoredForecast,
    read_forecast,
    write_forecast,
)
from growthring.journal.forecast_entries import OverrideLayer
from tests.forecast.overridden import ORIGIN, override, panel_of

HORIZON = 3


def publish(tmp_path: Path, panel: Panel, folded: Folded, override_ids: tuple[int, ...]) -> StoredForecast:
    from decimal import Decimal

    rows = [
        {
            "account_id": str(panel.accounts[row]), "series": "", "segment": str(panel.attributes["segment"][row]),
            "month": ORIGIN + 1 + ahead, "layer": layer.value, "amount": Decimal(int(units[row, ahead])) / PER_ONE,
        }
        for layer, units in folded.units.items() for row in range(panel.rows) for ahead in range(HORIZON) if units[row, ahead]
    ]  # fmt: skip
    new = rows[0] | {"account_id": NEW_CUSTOMERS, "amount": Decimal(999)}
    facts = ForecastFacts(
        date(2025, 12, 31), ORIGIN, HORIZON, "revenue", "USD per month", "m", "1", "standard", "1", "s",
        tuple(layer.value for layer in folded.units), override_ids,
    )  # fmt: skip
    store = Store(tmp_path)
    lines = pa.Table.from_pylist([*rows, new], LINE_SCHEMA)
    return read_forecast(store, write_forecast(store, lines, INTERVAL_SCHEMA.empty_table(), facts).key)


def test_a_published_forecast_tells_again_what_each_override_did(tmp_path: Path) -> None:
    panel = panel_of(np.ones((3, 12)), segment=["smb", "smb", "mid"], region=["EU", "US", "EU"])
    point = np.outer([100.0, 50.25, 1000.0], np.ones(HORIZON))
    entries = [
        override(Method.ADD, "30", override_id=4, account_id="a1", first_month=ORIGIN + 2),
        override(Method.MULTIPLY, "1.1", override_id=5, attribute="region", value="EU"),
        override(Method.REPLACE, "900", override_id=6, layer=OverrideLayer.TOPSIDE),
    ]
    computed = {Layer.COMMITMENT: np.full((3, HORIZON), 7.0), Layer.EXTERNAL_EVENT: -point / 10}
    folded = fold(point, panel, entries, computed=computed)
    stored = publish(tmp_path, panel, folded, (4, 5, 6))
    later = override(Method.ADD, "77", override_id=9)
    attributes = {"region": {"a0": "EU", "a1": "US", "a2": "EU"}}
    again_panel, again = refold(stored, [later, *entries], attributes)
    assert [each.entry.override_id for each in again.applied] == [4, 5, 6]
    for before, after in zip(folded.applied, again.applied, strict=True):
        assert np.allclose(before.before, after.before)
        assert np.allclose(before.after, after.after)
        assert before.first_month == after.first_month
    assert again_panel.accounts.tolist() == ["a0", "a1", "a2"]
    assert np.allclose(again.final, folded.final)
