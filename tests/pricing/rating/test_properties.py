"""What must hold for every price and every quantity (billing §5.9)."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.pricing.adjustment import Adjustment
from growthring.pricing.book import Component, Version
from growthring.pricing.compiled import compile_price
from growthring.pricing.meter import Conversion
from growthring.pricing.policy import rating_preset, rating_preset_names
from growthring.pricing.price import Graduated, Package, PerUnit, Price, Tier, Volume
from growthring.pricing.reference import Share, Use, price_quantity, rate_bill
from tests.pricing.rating.books import bounds, cell_prices, decimals, fees, plain_tiers, prices

D = Decimal
STANDARD = rating_preset("standard")
small = decimals("0", "200", 6)
STEP = D("0.000001")


def amount(price: Price, quantity: Decimal, policy: str = "standard") -> Decimal:
    return sum((part.amount for part in price_quantity(price, quantity, rating_preset(policy), "USD")), D(0))


@st.composite
def unit_tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Tiers without fees."""
    return tuple(Tier(up_to=bound, unit_price=draw(prices)) for bound in draw(bounds()))


@given(unit_tiers(), small)
def test_a_graduated_price_without_fees_is_continuous(tiers: tuple[Tier, ...], quantity: Decimal):
    price = Graduated(tiers=tiers)
    dearest = max(tier.unit_price for tier in tiers)
    assert 0 <= amount(price, quantity + STEP) - amount(price, quantity) <= dearest * STEP


@given(plain_tiers(), small, small)
def test_a_graduated_price_never_falls_with_the_quantity(tiers: tuple[Tier, ...], one: Decimal, other: Decimal):
    low, high = sorted((one, other))
    assert amount(Graduated(tiers=tiers), low) <= amount(Graduated(tiers=tiers), high)


@given(plain_tiers(), small, small)
def test_a_volume_price_falls_at_a_bound_only(tiers: tuple[Tier, ...], one: Decimal, other: Decimal):
    low, high = sorted((one, other))
    crosses = any(tier.up_to is not None and low <= tier.up_to < high for tier in tiers)
    if not crosses and low > 0:
        assert amount(Volume(tiers=tiers), low) <= amount(Volume(tiers=tiers), high)


@given(cell_prices, st.lists(small, min_size=1, max_size=5), st.sampled_from(rating_preset_names()))
def test_billing_the_differences_of_a_period_in_parts_gives_its_whole(price: Price, parts: list[Decimal], policy: str):
    totals = [D(0)]
    for part in parts:
        totals.append(totals[-1] + part)
    differences = [amount(price, later, policy) - amount(price, earlier, policy) for earlier, later in pairwise(totals)]
    assert amount(price, D(0), policy) + sum(differences, D(0)) == amount(price, totals[-1], policy)


@given(decimals("0.5", "20", 6), prices, small, small, st.sampled_from(["up", "down"]))
def test_more_use_never_means_fewer_packages(size: Decimal, price: Decimal, one: Decimal, other: Decimal, way: str):
    packages = Package(package_size=size, package_price=price, round=way)  # type: ignore[arg-type]
    low, high = sorted((one, other))
    assert amount(packages, low) <= amount(packages, high)


@given(cell_prices, small, fees, fees)
def test_a_bill_is_never_below_its_minimum_nor_above_its_maximum(price: Price, quantity: Decimal, one: Decimal, other: Decimal):
    low, high = sorted((one, other))
    limits = (Adjustment(kind="minimum", amount=low), Adjustment(kind="maximum", amount=high))  # type: ignore[arg-type]
    component = Component(id="c", meter="m", price=price, adjustments=limits)
    version = Version(effective_from=date(2024, 1, 1), components=(component,))
    bill = rate_bill(version, [Use("m", quantity)], Share(), STANDARD, "USD")
    adjusted = bill.lines[0].adjusted_amount if bill.lines else D(0)
    assert low <= adjusted <= high


@given(cell_prices, small, fees, decimals("1", "3", 8), st.booleans())
def test_use_within_a_commitment_overage_and_true_up_add_up_to_the_charge(
    price: Price, quantity: Decimal, committed: Decimal, factor: Decimal, true_up: bool
):
    step = Adjustment(kind="overage", amount=committed, factor=factor, true_up=true_up)  # type: ignore[arg-type]
    component = Component(id="c", meter="m", price=price, adjustments=(step,))
    version = Version(effective_from=date(2024, 1, 1), components=(component,))
    found = rate_bill(version, [Use("m", quantity)], Share(), STANDARD, "USD").lines
    raw = amount(price, quantity)
    utilised, beyond = min(raw, committed), max(raw - committed, D(0))
    owed = max(committed - raw, D(0)) if true_up else D(0)
    charged = found[0].adjusted_amount if found else D(0)
    assert abs(charged - (utilised + beyond * factor + owed)) <= D("1e-14")


@given(decimals("0", "9", 4), st.integers(1, 60), st.integers(1, 99))
def test_units_k_times_as_large_at_k_times_the_price_cost_the_same(price: Decimal, k: int, quantity: int):
    plain = PerUnit(unit_price=price)
    version = Version(
        effective_from=date(2024, 1, 1),
        components=(Component(id="c", meter="m", price=PerUnit(unit_price=price * k), conversion=Conversion(factor=D(k))),),
    )
    used = D(quantity * k)
    bill = rate_bill(version, [Use("m", used)], Share(), STANDARD, "USD")
    assert bill.lines == () or bill.lines[0].raw_amount == amount(plain, used)


@settings(max_examples=100)
@given(cell_prices, small, st.sampled_from(rating_preset_names()))
def test_the_parts_of_a_line_add_up_and_the_compiled_row_agrees(price: Price, quantity: Decimal, policy: str):
    rate = compile_price(price, rating_preset(policy), "USD")
    assert rate.landing(quantity).amount(quantity, rate.decimals) == amount(price, quantity, policy)


@given(cell_prices, st.sampled_from(rating_preset_names()))
def test_compiled_rows_cover_every_quantity_once(price: Price, policy: str):
    rows = compile_price(price, rating_preset(policy), "USD").tiers
    for earlier, later in pairwise(rows):
        assert earlier.up_to == later.over
