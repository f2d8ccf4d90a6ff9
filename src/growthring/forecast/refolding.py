"""Folding a published forecast again, to see what each override did to it.

A published forecast keeps the effect of each layer, not of each override. The model's point and what follows from contracts are
taken as published, and the overrides it names are folded onto them again, each at its author's full word.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from growthring.forecast.layers import Folded, Layer, fold
from growthring.forecast.panel import Cell, Panel, Values
from growthring.forecast.snapshots import NEW_CUSTOMERS, StoredForecast
from growthring.journal.forecast_entries import Override


def refold(
    forecast: StoredForecast, entries: Iterable[Override], attributes: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[Panel, Folded]:
    """Return a published forecast's rows and its layers with what each override did.

    Customers who are expected and have no name yet are left out: no override of accounts is about them.

    Args:
        forecast: The published forecast.
        entries: Overrides, those that it does not name among them or not.
        attributes: Value of each attribute by account as the forecast knew it, for overrides of groups. Without a segment among
            them, the one that was published is taken.

    Returns:
        A panel of the forecast's rows whose last known month is the origin, and the layers.
    """
    panel, layers = _read(forecast, attributes or {})
    named = [each for each in entries if each.override_id in set(forecast.facts.override_ids)]
    written = {Layer(each.layer) for each in named}
    # a layer in which nobody wrote was computed, from a measured event, say
    computed = {layer: values for layer, values in layers.items() if layer not in {Layer.STATISTICAL, *written}}
    return panel, fold(layers[Layer.STATISTICAL], panel, named, computed=computed)


def _read(forecast: StoredForecast, attributes: Mapping[str, Mapping[str, str]]) -> tuple[Panel, dict[Layer, Values]]:
    lines = forecast.lines.filter(pc.not_equal(forecast.lines["account_id"], NEW_CUSTOMERS))
    keys = pa.table({"account_id": lines["account_id"], "series": lines["series"], "segment": lines["segment"]})
    rows = keys.group_by(["account_id", "series", "segment"]).aggregate([]).sort_by("account_id")
    numbered = rows.append_column("row", pa.array(np.arange(rows.num_rows)))
    placed = lines.join(numbered, ["account_id", "series", "segment"])
    row = placed["row"].to_numpy()
    month = placed["month"].to_numpy() - forecast.facts.first_month.index
    amount = placed["amount"].cast(pa.float64()).to_numpy()
    layer = np.array(placed["layer"].to_pylist(), dtype=np.str_)
    layers: dict[Layer, Values] = {Layer.STATISTICAL: np.zeros((rows.num_rows, forecast.facts.horizon))}
    for name in np.unique(layer):
        values = np.zeros((rows.num_rows, forecast.facts.horizon))
        np.add.at(values, (row[layer == name], month[layer == name]), amount[layer == name])
        layers[Layer(name)] = values
    return _panel(rows, forecast, attributes), layers


def _panel(rows: pa.Table, forecast: StoredForecast, attributes: Mapping[str, Mapping[str, str]]) -> Panel:
    accounts = np.array(rows["account_id"].to_pylist(), dtype=np.str_)
    held = {
        name: np.array([values.get(str(account), "(unknown)") for account in accounts], dtype=np.str_)
        for name, values in attributes.items()
    }
    return Panel(
        accounts=accounts,
        series=np.array(rows["series"].to_pylist(), dtype=np.str_),
        first_month=forecast.facts.origin,
        values=np.zeros((len(accounts), 1)),
        cells=np.full((len(accounts), 1), Cell.ZERO, np.uint8),
        unit=forecast.facts.unit,
        attributes={"segment": np.array(rows["segment"].to_pylist(), dtype=np.str_)} | held,
    )
