"""Commitments drawn down in many futures at once leave the same cents as the reference does in each of them."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.forecast.commitments.charges import ChargePaths, in_order, known_charge
from growthring.forecast.commitments.drawdown import draw_down_paths
from growthring.forecast.commitments.minimums import commitment_charge_paths
from growthring.pricing.commitments import Charge, Commitment, commitment_charges, draw_down
from tests.pricing.commitments import strategies

MONEY, UNITS = Decimal(10000), Decimal(1000000)
FUTURES = 3


def futures(charges: Sequence[Charge], factors: Sequence[Sequence[Decimal]]) -> tuple[list[list[Charge]], list[ChargePaths]]:
    """Return every future as a list of charges, and the same as paths."""
    worlds = [
        [
            replace(
                each,
                amount=(each.amount * by).quantize(Decimal(1) if each.currency == "JPY" else Decimal("0.01")),
                quantity=(each.quantity * by).quantize(Decimal("0.001")),
            )
            for each, by in zip(charges, row, strict=False)
        ]
        for row in factors
    ]
    paths = []
    for place in range(len(charges)):
        known = [known_charge(world[place]) for world in worlds]
        quantity, amount = (np.concatenate([getattr(one, name) for one in known]) for name in ("quantity", "amount"))
        paths.append(replace(known[0], quantity=quantity, amount=amount))
    return worlds, paths


FACTORS = st.lists(
    st.lists(st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1), Decimal("1.37"), Decimal(4)]), min_size=14, max_size=14),
    min_size=FUTURES,
    max_size=FUTURES,
)


def at(values: np.ndarray, path: int) -> int:
    return int(np.broadcast_to(values, (FUTURES,))[path])


@given(strategies.grants(), strategies.charges(), FACTORS)
@settings(max_examples=300, deadline=None)
def test_every_future_is_drawn_down_as_the_reference_does_it(
    grants: list[Commitment], charges: list[Charge], factors: list[list[Decimal]]
):
    worlds, paths = futures(charges, factors)
    measured = {each.commitment_id: UNITS if each.measure == "quantity" else MONEY for each in grants}
    drawn = draw_down_paths(grants, in_order(paths, strategies.POOLS), strategies.ON, pools=strategies.POOLS)
    for path, world in enumerate(worlds):
        expected = draw_down(grants, world, strategies.ON, strategies.POOLS)
        for name, balance in expected.balances.items():
            assert at(drawn.balances[name], path) == balance.balance * measured[name], name
            breakage = sum(at(each.breakage, path) for each in drawn.closings if each.commitment_id == name)
            assert breakage == balance.breakage * measured[name]
            paid = sum(at(each.drawn, path) for each in drawn.payments if each.commitment_id == name)
            assert paid == balance.drawn * measured[name]
        assert (
            sum(at(each.amount, path) for each in drawn.payments) == sum(each.drawn_amount for each in expected.payments) * MONEY
        )
        assert sorted(
            value for each in drawn.uncovered if (value := at(each.overage, path)) or at(each.uncovered, path)
        ) == sorted(each.overage_amount * MONEY for each in expected.overage)


@given(strategies.minimums(), strategies.charges(), FACTORS)
@settings(max_examples=300, deadline=None)
def test_every_future_is_charged_minimums_as_the_reference_does_it(
    minimums: list[Commitment], charges: list[Charge], factors: list[list[Decimal]]
):
    worlds, paths = futures(charges, factors)
    for commitment in minimums:
        charged = commitment_charge_paths(commitment, in_order(paths, strategies.POOLS), strategies.ON, pools=strategies.POOLS)
        for path, world in enumerate(worlds):
            expected = commitment_charges(commitment, world, strategies.ON, pools=strategies.POOLS)
            assert [(at(each.utilised, path), at(each.overage, path), at(each.true_up, path)) for each in charged] == [
                (each.utilised_amount * MONEY, each.overage_amount * MONEY, each.true_up_amount * MONEY) for each in expected
            ]
