"""The commitment layer of a project's forecast: effects and futures of the accounts that hold commitments."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from growthring.forecast.commitments.layer import CommitmentLayer
from growthring.forecast.panel import Panel
from growthring.forecast.paths import PATHS
from growthring.kernel.progress import Progress, silent
from growthring.operations.forecasting.commitment_paths import Futures, open_futures, rates_into
from growthring.operations.forecasting.commitment_split import billed_pools
from growthring.operations.project import Project

_TICK = 1e-4
_TOLD = 100
"""Pools after which progress is told."""


def commitment_layer(
    project: Project,
    panel: Panel,
    horizon: int,
    *,
    currency: str = "",
    paths: int = PATHS,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> CommitmentLayer:
    """Return what commitments do to the forecast of a revenue panel.

    Args:
        project: The project; it has price books.
        panel: The history of revenue, whose next month is the first of the futures.
        horizon: Months ahead.
        currency: The panel's currency; the project's when absent. Future amounts are converted at the last known rates.
        paths: Futures drawn.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    futures = open_futures(project, months=horizon, paths=paths, as_of=as_of, progress=progress)
    rates = rates_into(futures.rating, currency or project.settings.project.currency)
    held = [pool for pool, each in futures.commitments.items() if each]
    rows_of: dict[str, list[int]] = {}
    for row, account in enumerate(panel.accounts.tolist()):
        rows_of.setdefault(account, []).append(row)
    places = {pool: _row(panel, rows_of, futures, pool) for pool in held}
    rows = np.unique([row for row in places.values() if row is not None]).astype(np.int64)
    position = {row: column for column, row in enumerate(rows.tolist())}
    charged = np.zeros((paths, len(rows), horizon), dtype=np.float32)
    billed = np.zeros_like(charged)
    for done, (pool, code, found) in enumerate(billed_pools(futures, pools=held)):
        if done % _TOLD == 0:
            progress("commitments to come", done, len(held))
        place, rate = places[pool], rates.get(code)
        if place is not None and rate is not None:
            charged[:, position[place]] += (found.charged * (_TICK * rate)).astype(np.float32)
            billed[:, position[place]] += (found.revenue * (_TICK * rate)).astype(np.float32)
    unplaced = tuple(sorted(pool for pool, row in places.items() if row is None))
    return CommitmentLayer(rows, panel.rows, charged, billed, unplaced)


def _row(panel: Panel, rows_of: Mapping[str, list[int]], futures: Futures, pool: str) -> int | None:
    """Return the row that carries a pool's commitments: the holder's, of the product of its usage where products stand apart."""
    commitments = futures.commitments[pool]
    holder = min(commitments, key=lambda each: (each.scope != "family", each.order)).account_id
    rows = rows_of.get(holder)
    if not rows:
        return None
    products = {
        component.product or component.id
        for each in futures.subscriptions.get(pool, ())
        for version in each.book.versions[-1:]
        for component in version.components
        if component.meter
    }
    return next((row for row in rows if str(panel.series[row]) in products), rows[0])
