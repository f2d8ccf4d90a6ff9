"""The parts of a bridge, in the order in which they take their share of a difference.

Each part takes what it can prove from what the earlier ones left, and the last one takes the rest: nothing is left over, and what
cannot be told apart carries a name that says so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.bridge.cells import Amounts, Cells, Ratios
from growthring.forecast.bridge.timing import moved
from growthring.forecast.snapshots import LAYERS

PART_OF_LAYER = {
    "topside": "override_topside",
    "manager": "override_manager",
    "rep": "override_rep",
    "external_event": "external_event",
    "price_event": "price_mix",
    "known_ramp": "known_ramp",
    "commitment": "commitments",
}
"""The part that a layer's effect belongs to, last layer first."""

MEANING = {
    "override_topside": (
        "Finance's top-side entries: their effect in the second end less that in the first. Where the month has come, what of "
        "them did not come true: no more than they added, no more than the gap."
    ),
    "override_manager": "Managers' entries, read in the same way.",
    "override_rep": "Reps' entries, read in the same way.",
    "external_event": "Events outside the company, read in the same way.",
    "known_ramp": "Ramps agreed with customers, read in the same way.",
    "commitments": "Floors, true-ups, drawdown and expiry of commitments, read in the same way.",
    "model_change": (
        "Another model or version on the same data: known from a forecast of the second model on the first one's data, or "
        "because both ends start from the same month."
    ),
    "new_customers": (
        "Accounts that were no customers when the first forecast was made, returning ones among them, and what was expected of "
        "customers without a name."
    ),
    "restatement": (
        "Months that were known already and read differently now, and the same change of the last known month carried forward in "
        "proportion, no further than the gap."
    ),
    "churned": "Accounts that have nothing in the month or later, as far as the second end knows.",
    "timing": (
        "Amounts of an account's product that moved between months of the window or the month beside it: over these months they "
        "net to nothing."
    ),
    "one_offs": (
        "Amounts that will not repeat in months that came; and, taken with restatement, what was recorded in between as one-off "
        "about a month known already or the level carried forward."
    ),
    "fx": "Half of the native amounts of both ends, times the change of the exchange rate.",
    "price_mix": (
        "Price events, and half of the quantities of both ends times the change of the price of a unit (mix included), where "
        "quantities of one product are known and the price is within a factor of three."
    ),
    "volume": (
        "The rest: more or less use by customers that stayed, further and dropped products among it; where quantities are not "
        "known, price is in it."
    ),
    "model_or_volume": (
        "The rest of months that two different models forecast from different months: change of model and of use, which cannot "
        "be told apart without a forecast of the second model on the first one's data."
    ),
}
"""What each part means, in the order in which the parts take their share."""

PARTS = tuple(MEANING)

FURTHEST_PRICE = 3.0
"""Prices of a unit that are further apart are not a change of price."""


@dataclass
class _Gap:
    """What is left of the difference while parts take their shares.

    Attributes:
        cells: Both ends.
        left: What no part took yet, shape (rows, months).
        free: Months after the earlier origin whose row no part claimed as a whole.
        parts: What was taken.
    """

    cells: Cells
    left: Amounts
    free: NDArray[np.bool_]
    parts: dict[str, Amounts]

    def take(self, part: str, amount: Amounts) -> None:
        """Give a share to a part."""
        self.parts[part] = self.parts.get(part, np.zeros_like(self.left)) + amount
        self.left = self.left - amount

    def claim(self, part: str, where: NDArray[np.bool_]) -> None:
        """Give all that is left of some cells to a part, and nothing of them to any later one."""
        self.take(part, np.where(where & self.free, self.left, 0))
        self.free = self.free & ~where

    @property
    def before(self) -> Amounts:
        """What the earlier end says once the shares taken are granted: the later end less what is left."""
        later = self.cells.later
        amount = np.where(later.is_known, later.total, later.layers[0])
        return amount - self.left


def attribute(cells: Cells, *, same_model: bool, same_origin: bool) -> dict[str, Amounts]:
    """Split the difference of two ends into parts that add up to it.

    Args:
        cells: Both ends.
        same_model: Whether one model and version made both; true where the later end is what came.
        same_origin: Whether both start from the same month.

    Returns:
        Shape (rows, months) by part, without parts that are zero everywhere; their sum is the difference, to the digit.
    """
    earlier, later = cells.earlier, cells.later
    after = np.broadcast_to(~earlier.is_known, earlier.total.shape)
    gap = _Gap(cells, later.total - earlier.total, after.copy(), {})
    _known_months(gap)
    _layers(gap)
    if cells.rerun is not None and not same_model:
        gap.take("model_change", np.where(gap.free & ~later.is_known, cells.rerun - earlier.layers[0], 0))
    _new_customers(gap)
    _restated_level(gap)
    if not same_origin:
        _churned(gap)
    gap.take("timing", moved(gap.left, gap.free))
    gap.take("one_offs", np.where(gap.free, later.one_off - earlier.one_off, 0))
    _change_of(gap, "fx", _ratio(later.base_rate, earlier.rate, later.rate))
    _change_of(gap, "price_mix", price_ratio(cells))
    _rest(gap, same_model=same_model or cells.rerun is not None, same_origin=same_origin)
    return {name: gap.parts[name] for name in PARTS if name in gap.parts and gap.parts[name].any()}


def _known_months(gap: _Gap) -> None:
    """Months that both ends know: whatever differs was tagged in between, or restated."""
    known = gap.cells.earlier.is_known
    tagged = gap.cells.earlier.tagged != gap.cells.later.tagged
    gap.take("one_offs", np.where(known & tagged, gap.left, 0))
    gap.take("restatement", np.where(known, gap.left, 0))


def _layers(gap: _Gap) -> None:
    """Layers above the statistical one, the last first."""
    earlier, later = gap.cells.earlier, gap.cells.later
    for layer, part in PART_OF_LAYER.items():
        index = LAYERS.index(layer)
        effect = earlier.layers[index]
        untrue = np.clip(gap.left, np.minimum(-effect, 0), np.maximum(-effect, 0))
        gap.take(part, np.where(gap.free, np.where(later.is_known, untrue, later.layers[index] - effect), 0))


def _new_customers(gap: _Gap) -> None:
    """Accounts without an amount in the earlier origin, as known then and as known now, of which nothing was forecast."""
    cells = gap.cells
    there = np.zeros(int(cells.account_of.max(initial=-1)) + 1, dtype=bool)
    there[cells.account_of[(cells.earlier.level != 0) | (cells.later.level != 0)]] = True
    is_new = ~there[cells.account_of] & ~cells.earlier.speaks_later
    gap.claim("new_customers", (is_new | cells.is_nameless)[:, None])


def _restated_level(gap: _Gap) -> None:
    """The last month the earlier end knew reads differently now: the forecast made from it would have, too."""
    earlier, later = gap.cells.earlier, gap.cells.later
    then, now = earlier.level, later.level
    passed = (earlier.level_tag != later.level_tag) | (earlier.level_one_off != later.level_one_off)
    part = np.where(passed, "one_offs", "restatement")
    both = (then != 0) & (now != 0)
    share = np.divide(now - then, then, out=np.zeros(len(then)), where=both)
    carried = np.rint(gap.before * share[:, None]).astype(np.int64)
    limited = np.clip(carried, np.minimum(gap.left, 0), np.maximum(gap.left, 0))
    whole = ((then == 0) != (now == 0))[:, None]
    for name in ("one_offs", "restatement"):
        rows = (part == name)[:, None]
        gap.take(name, np.where(gap.free & rows & ~whole, limited, 0))
    for name in ("one_offs", "restatement"):
        gap.claim(name, (part == name)[:, None] & whole)


def _churned(gap: _Gap) -> None:
    """Accounts that were customers and have nothing from the month on."""
    cells = gap.cells
    was = np.zeros(int(cells.account_of.max(initial=-1)) + 1, dtype=bool)
    was[cells.account_of[cells.earlier.level != 0]] = True
    gone = cells.later.last_seen[:, None] < cells.months[None, :]
    gap.claim("churned", was[cells.account_of][:, None] & gone)


def _change_of(gap: _Gap, part: str, ratio: Ratios) -> None:
    """Give a part the change of one of two factors: its own change, times half of the other factor at both ends."""
    before = gap.before
    there = gap.free & np.isfinite(ratio) & (ratio != 1)
    with np.errstate(all="ignore"):
        other = (before + (before + gap.left) / ratio) / 2
        effect = other * (ratio - 1)
    gap.take(part, np.rint(np.where(there, effect, 0)).astype(np.int64))


def _ratio(restated: Ratios, then: Ratios, now: Ratios) -> Ratios:
    """Return the change since the earlier origin, which restatement has already brought to what is known of it now."""
    before = np.where(np.isfinite(restated), restated, then)
    with np.errstate(all="ignore"):
        ratio = now / before
    return np.where(np.isfinite(ratio) & (ratio > 0), ratio, np.nan)


def price_ratio(cells: Cells) -> Ratios:
    """Return the change of the price of a unit since the earlier origin, shape (rows, months); NaN where it cannot be told.

    It cannot where the quantity counts something else by now, or where the price is beyond `FURTHEST_PRICE` times the other one:
    then the quantity is not what the bill is made of.
    """
    earlier, later = cells.earlier, cells.later
    ratio = _ratio(later.base_price, earlier.price, later.price)
    same = later.counted == np.where(later.base_counted >= 0, later.base_counted, earlier.counted)
    with np.errstate(invalid="ignore"):
        near = (ratio <= FURTHEST_PRICE) & (ratio >= 1 / FURTHEST_PRICE)
    return np.where(same & near, ratio, np.nan)


def _rest(gap: _Gap, *, same_model: bool, same_origin: bool) -> None:
    forecast = ~gap.cells.later.is_known
    if not same_model:
        gap.take("model_change" if same_origin else "model_or_volume", np.where(forecast, gap.left, 0))
    gap.take("volume", gap.left)
