"""Grants cut into slices, and the pass in which each slice is drawn on.

A balance may be drawn on by one statement over all accounts when everything that goes before it has been drawn already. So slices
get the number of a pass: one more than the highest pass of those that compete for the same charges and go first, and of those
that pass on to it. Slices that never compete share a pass: the number of passes is the length of the longest queue, not the
number of grants. Where a rest rolls over, all grants of the pool are cut on that day, so that drawing keeps the order of time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from growthring.kernel.currency import EXPONENT
from growthring.pricing.commitments.terms import Commitment, rollover_targets

QUANTITY_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of a grant within which the order of drawing does not change.

    Attributes:
        grant: The grant.
        pool_id: Where it competes with others.
        starts_on: First day of the stretch.
        ends_on: First day after it.
        slice_id: Number, from 1.
        pass_number: When it is drawn on.
        passes_to: The slice that receives its rest; 0 for none.
        passed_share: Share of the rest that is passed on; 1 within one grant.
    """

    grant: Commitment
    pool_id: str
    starts_on: date
    ends_on: date
    slice_id: int = 0
    pass_number: int = 0
    passes_to: int = 0
    passed_share: Decimal = field(default=Decimal(0))

    @property
    def is_first(self) -> bool:
        """Whether the grant begins with it."""
        return self.starts_on == self.grant.starts_on

    @property
    def is_last(self) -> bool:
        """Whether the grant ends with it."""
        return self.ends_on == self.grant.closes_on

    @property
    def digits(self) -> int:
        """Decimals to which a passed share is rounded."""
        return EXPONENT.get(self.grant.currency or "", 2) if self.grant.measure == "amount" else QUANTITY_DIGITS

    def competes_with(self, other: "Slice") -> bool:
        """Whether both might pay the same charge."""
        mine, theirs = self.grant.only_account(), other.grant.only_account()
        in_time = self.starts_on < other.ends_on and other.starts_on < self.ends_on
        return in_time and (not mine or not theirs or mine == theirs) and _unit(self) == _unit(other)


def grant_slices(commitments: Iterable[Commitment], pools: Mapping[str, str]) -> list[Slice]:
    """Return the slices of all prepaid balances and credits, numbered and with their passes.

    Args:
        commitments: Commitments of any kind; only grants count.
        pools: The pool of each account that shares one; an account without an entry is its own pool.
    """
    by_pool: dict[str, list[Commitment]] = defaultdict(list)
    for each in commitments:
        if each.is_grant:
            by_pool[pools.get(each.account_id, each.account_id)].append(each)
    found: list[Slice] = []
    for pool_id in sorted(by_pool):
        found += _slices_of_pool(pool_id, by_pool[pool_id], len(found))
    return found


def _slices_of_pool(pool_id: str, grants: list[Commitment], numbered: int) -> list[Slice]:
    targets = rollover_targets(grants)
    cuts = sorted({each.closes_on for each in grants if each.commitment_id in targets})
    cut = [part for each in grants for part in _cut(each, pool_id, cuts)]
    cut.sort(key=lambda part: (sum(1 for day in cuts if day <= part.starts_on), part.grant.order))
    slices = [replace(part, slice_id=numbered + place) for place, part in enumerate(cut, start=1)]
    return _with_passes(_linked(slices, targets))


def _cut(grant: Commitment, pool_id: str, cuts: list[date]) -> list[Slice]:
    inside = [day for day in cuts if grant.starts_on < day < grant.closes_on]
    edges = [grant.starts_on, *inside, grant.closes_on]
    return [Slice(grant, pool_id, start, end) for start, end in pairwise(edges)]


def _linked(slices: list[Slice], targets: Mapping[str, str]) -> list[Slice]:
    first = {each.grant.commitment_id: each.slice_id for each in slices if each.is_first}
    starting = {(each.grant.commitment_id, each.starts_on): each.slice_id for each in slices}
    linked = []
    for each in slices:
        name = each.grant.commitment_id
        if not each.is_last:
            linked.append(replace(each, passes_to=starting[name, each.ends_on], passed_share=Decimal(1)))
        elif name in targets:
            linked.append(replace(each, passes_to=first[targets[name]], passed_share=each.grant.rollover_share))
        else:
            linked.append(each)
    return linked


def _with_passes(slices: list[Slice]) -> list[Slice]:
    passes: dict[int, int] = {}
    done: list[Slice] = []
    for each in slices:
        before = (other for other in done if other.passes_to == each.slice_id or other.competes_with(each))
        passes[each.slice_id] = 1 + max((passes[other.slice_id] for other in before), default=0)
        done.append(replace(each, pass_number=passes[each.slice_id]))
    return done


def _unit(each: Slice) -> tuple[str, str | None]:
    grant = each.grant
    return (grant.measure, grant.meter if grant.measure == "quantity" else grant.currency)
