from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.forecast.bridge import PARTS, Bridge, bridge
from growthring.forecast.snapshots import LAYERS, NEW_CUSTOMERS
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from tests.forecast.bridge_world import HORIZON, ORIGIN, WORLD, Series, Story, fine, pair, story

Plant = Callable[[Story, Story, Decimal], None]
LATER = ("actual", "later forecast", "same time")
FIRST_NEW = ORIGIN + 1
THIRD = ORIGIN + 3
"""A month that the later forecast does not know yet, and that the actual months do."""


def volume(first: Story, second: Story, size: Decimal) -> None:
    for cell in second.cells("anna", FIRST_NEW):
        second.scale(cell, amount=size, quantity=size, native=size)


def price(first: Story, second: Story, size: Decimal) -> None:
    for cell in second.cells("bert", FIRST_NEW):
        second.scale(cell, amount=size, native=size)


def exchange_rate(first: Story, second: Story, size: Decimal) -> None:
    for account in ("bert", "cleo"):
        for cell in second.cells(account, FIRST_NEW):
            second.scale(cell, amount=size)


def new_customer(first: Story, second: Story, size: Decimal) -> None:
    joined = story([Series("dora", "api", "USD", 100 * size, Decimal(0), None)], second.origin, second.last_month)
    second.known |= {cell: row for cell, row in joined.known.items() if cell[2] >= FIRST_NEW}
    second.lines |= joined.lines


def nameless(first: Story, second: Story, size: Decimal) -> None:
    first.lines[NEW_CUSTOMERS, "", THIRD, "statistical"] = fine(size * 10)


def churn(first: Story, second: Story, size: Decimal) -> None:
    for cell in second.cells("cleo", FIRST_NEW):
        second.known.pop(cell, None)
        second.lines.pop((*cell, "statistical"), None)


def one_off(first: Story, second: Story, size: Decimal) -> None:
    row = second.known["anna", "api", FIRST_NEW]
    row["one_off"] = fine(size * 100)
    row["amount"] += row["one_off"]
    row["native"] += row["one_off"]


def tagged_month(first: Story, second: Story, size: Decimal) -> None:
    """A tag was recorded in between: the last known month reads without the one-off, and so does the forecast made from it."""
    second.tags.append(("anna", "", ORIGIN))
    for cell in second.cells("anna", ORIGIN):
        second.scale(cell, amount=size, quantity=size, native=size)


def found_one_off(first: Story, second: Story, size: Decimal) -> None:
    """The last known month reads the same, but part of it is known not to repeat now: the forecast falls by that part."""
    cell = ("anna", "api", ORIGIN)
    second.known[cell]["one_off"] = fine(abs(1 - size) / 2 * second.known[cell]["amount"])
    left = 1 - second.known[cell]["one_off"] / second.known[cell]["amount"]
    for later in second.cells("anna", FIRST_NEW):
        if later[1] == "api":
            second.scale(later, amount=left, quantity=left, native=left)


def restated(first: Story, second: Story, size: Decimal) -> None:
    for cell in second.cells("bert", ORIGIN):
        second.scale(cell, amount=size, quantity=size, native=size)


def recorded_late(first: Story, second: Story, size: Decimal) -> None:
    told = story([Series("emil", "api", "USD", 100 * size, Decimal(0), None)], second.origin, second.last_month)
    second.known |= told.known
    second.lines |= told.lines


def moved_month(first: Story, second: Story, size: Decimal) -> None:
    amount = fine(size * 50)
    for month, sign in ((THIRD, -1), (THIRD + 1, 1)):
        cell = ("cleo", "api", month)
        if cell in second.known:
            second.known[cell]["amount"] += sign * amount
            second.known[cell]["native"] += fine(sign * amount / Decimal("1.25"))
        else:
            second.lines[*cell, "statistical"] += sign * amount


def another_model(first: Story, second: Story, size: Decimal) -> None:
    second.model = "growth 2"
    for cell in second.cells("anna", second.origin + 1):
        second.scale(cell, amount=size)


def layer(name: str) -> Plant:
    def plant(first: Story, second: Story, size: Decimal) -> None:
        first.lines["anna", "api", THIRD, name] = fine(100 * size - 150)
        if second.origin < THIRD:
            second.lines["anna", "api", THIRD, name] = fine(40 * size)

    return plant


EVERYWHERE: dict[str, Plant] = {
    "override_topside": layer("topside"),
    "override_manager": layer("manager"),
    "override_rep": layer("rep"),
    "external_event": layer("external_event"),
    "known_ramp": layer("known_ramp"),
    "commitments": layer("commitment"),
}
PLANTS: list[tuple[str, str, Plant]] = [
    *((later, part, plant) for later in LATER for part, plant in EVERYWHERE.items()),
    *((later, "price_mix", layer("price_event")) for later in LATER),
    *((later, "new_customers", nameless) for later in LATER),
    *((later, "one_offs", tagged_month) for later in LATER),
    *((later, "one_offs", found_one_off) for later in LATER),
    *((later, "restatement", restated) for later in LATER),
    *((later, "restatement", recorded_late) for later in LATER),
    *((later, "timing", moved_month) for later in LATER),
    *((later, "new_customers", new_customer) for later in LATER[:2]),
    *((later, "churned", churn) for later in LATER[:2]),
    *((later, "volume", volume) for later in LATER[:2]),
    *((later, "price_mix", price) for later in LATER[:2]),
    *((later, "fx", exchange_rate) for later in LATER[:2]),
    *((later, "one_offs", one_off) for later in LATER[:2]),
    ("same time", "model_change", another_model),
    ("later forecast", "model_or_volume", another_model),
]


def explain(first: Story, second: Story, window: tuple[int, int] | None = None) -> Bridge:
    return bridge(first.end(), second.end(), (Month(window[0]), Month(window[1])) if window else None)


def assert_exact(found: Bridge) -> None:
    assert found.residual == 0
    assert sum(found.parts.values()) == found.difference
    months = sum((sum(shares.values()) for shares in found.by_month.values()), Decimal(0))
    assert months == found.difference


@pytest.mark.parametrize(("later", "part", "plant"), PLANTS, ids=lambda value: getattr(value, "__name__", value))
@given(size=st.decimals("1.01", "1.9", places=4) | st.decimals("0.4", "0.99", places=4))
@settings(max_examples=12, deadline=None)
def test_a_change_planted_alone_is_attributed_to_its_own_part(later: str, part: str, plant: Plant, size: Decimal):
    first, second = pair(WORLD, later)
    assert explain(first, second).parts == {}
    plant(first, second, size)
    # timing nets to nothing over all months, so it is looked for where a window cuts it in two
    window = (FIRST_NEW, THIRD) if plant is moved_month else None
    found = explain(first, second, window)
    assert_exact(found)
    assert found.difference != 0
    rounding = sum(abs(share) for name, share in found.parts.items() if name != part)
    assert rounding <= Decimal("0.01"), found.parts
    assert abs(found.parts[part] - found.difference) <= Decimal("0.01")


def test_a_forecast_of_the_second_model_on_the_first_data_tells_model_from_use():
    first, second = pair(WORLD, "later forecast")
    second.model = "growth 2"
    rerun = story(WORLD, name="c")
    for cell in rerun.cells("anna", FIRST_NEW):
        rerun.scale(cell, amount=Decimal("1.5"))
    for cell in second.cells("anna", second.origin + 1):
        second.scale(cell, amount=Decimal("1.65"))
    found = bridge(first.end(), second.end(), rerun=rerun.end())
    assert_exact(found)
    months = range(second.origin + 1, ORIGIN + HORIZON + 1)
    expected = sum((each.native(month) for each in WORLD if each.account == "anna" for month in months), Decimal(0))
    assert found.parts == {"model_change": fine(expected * Decimal("0.5")), "volume": fine(expected * Decimal("0.15"))}


def test_an_override_that_came_true_takes_no_share_and_one_that_did_not_takes_no_more_than_it_added():
    expected = WORLD[0].native(THIRD)
    for came, shares in [(20, {}), (15, {"override_rep": -5}), (0, {"override_rep": -20}),
                         (-7, {"override_rep": -20, "volume": -7}), (26, {"volume": 6})]:  # fmt: skip
        first, second = pair(WORLD, "actual")
        first.lines["anna", "api", THIRD, "rep"] = Decimal(20)
        row = second.known["anna", "api", THIRD]
        row["amount"] = row["native"] = expected + came
        row["quantity"] = float((expected + came) / Decimal("0.5"))
        assert explain(first, second).parts == shares, came


def test_a_move_out_of_the_window_is_timing_and_a_move_inside_it_is_nothing():
    first, second = pair(WORLD, "actual")
    moved_month(first, second, Decimal(1))
    assert explain(first, second, (FIRST_NEW, THIRD)).parts == {"timing": -50}
    assert explain(first, second, (THIRD, THIRD + 1)).parts == {}
    inside = explain(first, second, (THIRD, THIRD + 1)).by_month
    assert inside["timing"] == {Month(THIRD): -50, Month(THIRD + 1): 50}


def test_months_that_were_known_already_are_restated_and_nothing_else():
    first, second = pair(WORLD, "actual")
    second.known["cleo", "api", ORIGIN - 1]["amount"] += 3
    second.known["anna", "api", ORIGIN - 1]["amount"] -= 5
    second.tags.append(("anna", "api", ORIGIN - 1))
    found = explain(first, second, (ORIGIN - 2, ORIGIN + 1))
    assert found.by_account == {"one_offs": {"anna": -5}, "restatement": {"cleo": 3}}


def test_what_has_no_quantity_is_volume_and_said_to_hold_price():
    first, second = pair(WORLD, "actual")
    second.known["cleo", "api", THIRD]["amount"] += 30
    second.known["cleo", "api", THIRD]["native"] += 24
    second.known["anna", "api", THIRD]["amount"] += 7
    second.known["anna", "api", THIRD]["native"] += 7
    second.known["anna", "api", THIRD]["quantity"] += 14
    found = explain(first, second)
    assert found.parts == {"volume": 37}
    assert found.unsplit == 30


def test_quantities_of_another_product_or_of_another_order_have_no_price():
    for change in ({"counted": "calls"}, {"quantity": 2000 / 0.5 * 3.1}):
        first, second = pair(WORLD, "actual")
        row = second.known["anna", "api", THIRD]
        row |= {"amount": Decimal(2000), "native": Decimal(2000), "quantity": 2000 / 0.9} | change
        found = explain(first, second)
        assert set(found.parts) == {"volume"}
        assert found.unsplit == found.difference
        row |= {"counted": "api", "quantity": 2000 / 0.9}
        assert explain(first, second).parts["price_mix"] > 0


def test_ends_that_cannot_be_compared_are_refused():
    first, second = pair(WORLD, "later forecast")
    with pytest.raises(GrowthringError, match="another measure"):
        bridge(first.end(), replace(second.end(), measure="usage:api"))
    with pytest.raises(GrowthringError, match="does not speak of all months"):
        explain(first, second, (ORIGIN + 1, ORIGIN + HORIZON + 1))
    with pytest.raises(GrowthringError, match="no month in common"):
        explain(first, story(WORLD, ORIGIN, ORIGIN, "actual"))
    with pytest.raises(GrowthringError, match="Neither end is a forecast"):
        explain(story(WORLD, ORIGIN, ORIGIN), story(WORLD, ORIGIN, ORIGIN))


MONEY = st.decimals(-500, 2000, places=4)
CELL = st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y"]), st.integers(ORIGIN - 2, ORIGIN + 8))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Anything at all: gaps, negative amounts, several currencies, layers, tags, one-offs."""
    origin = draw(st.integers(ORIGIN - 1, ORIGIN + 4))
    told = Story(origin, draw(st.sampled_from([origin, origin + 4])), draw(st.sampled_from("ab")))
    told.model = draw(st.sampled_from(["one", "two"]))
    told.known["a", "x", ORIGIN - 2] = known(draw)
    for cell in draw(st.lists(CELL, max_size=12)):
        if cell[2] <= origin:
            told.known[cell] = known(draw)
        elif cell[2] <= told.last_month:
            told.lines[*cell, draw(st.sampled_from(LAYERS))] = draw(MONEY)
            told.lines.setdefault((*cell, "statistical"), draw(MONEY))
    told.tags = [
        (account, draw(st.sampled_from(["", series])), month) for account, series, month in draw(st.lists(CELL, max_size=2))
    ]
    return told


def known(draw: st.DrawFn) -> dict:
    quantity = draw(st.none() | st.floats(-5, 50))
    one_off = draw(st.just(Decimal(0)) | MONEY)
    return {"currency": draw(st.sampled_from(["USD", "EUR"])), "native": draw(MONEY), "amount": draw(MONEY),
            "quantity": quantity, "one_off": one_off}  # fmt: skip


@given(first=stories(), second=stories(), window=st.tuples(st.integers(ORIGIN - 2, ORIGIN + 4), st.integers(0, 4)))
@settings(max_examples=300, deadline=None)
def test_whatever_two_ends_say_the_parts_add_up_and_the_way_back_is_the_way_there_negated(first, second, window):
    first_month, length = window
    try:
        there = explain(first, second, (first_month, first_month + length))
    except GrowthringError:
        return
    assert_exact(there)
    assert set(there.parts) <= set(PARTS)
    one, other = first.end(), second.end()
    span = range(first_month, first_month + length + 1)
    assert there.difference == said(other, span) - said(one, span)
    back = explain(second, first, (first_month, first_month + length))
    if one.order != other.order:
        assert back.parts == {part: -share for part, share in there.parts.items()}
        assert back.by_account == {
            part: {account: -share for account, share in shares.items()} for part, shares in there.by_account.items()
        }


def said(end, span: range) -> Decimal:
    rows = [*end.known.to_pylist(), *end.lines.to_pylist()]
    return sum((row["amount"] for row in rows if row["month"] in span), Decimal(0))
