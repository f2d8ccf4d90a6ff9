"""Prices by full units: full units choose the tier, prorated units are priced; both paths give the same digits."""

import random
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from growthring.engine.executors import Executor
from growthring.engine.portable import violations
from growthring.engine.relation import relation
from growthring.pricing.book import Component, PriceBook, Version, unmet_meters
from growthring.pricing.full_units import Change
from growthring.pricing.meter import Meter
from growthring.pricing.policy import rating_preset, rating_preset_names
from growthring.pricing.price import Graduated, Tier, Volume
from growthring.pricing.reference import Use
from tests.golden.billing.running import METER, Job, Rated, by_reference, by_sql, open_rated
from tests.pricing.metering.workbench import Subscribed, Used, open_usage, run_chain
from tests.pricing.rating.books import bounds, decimals, fees, prices
from tests.pricing.rating.test_engines_agree import INPUTS, OTHERS, opened  # noqa: F401

D = Decimal
TIERS = (Tier(up_to=D(5), unit_price=D(10), flat_fee=D(100)), Tier(unit_price=D(5), flat_fee=D(50)))


def _rated(price: Graduated | Volume, *changes: Change, policy: str = "lago") -> Rated:
    uses = (Use(METER, sum((each.quantity for each in changes), D(0)), events=1, changes=changes),) if changes else ()
    job = Job((Component(id="c", meter=METER, price=price),), uses, rating_preset(policy))
    (reference,), (sql,) = by_reference([job]), by_sql([job])
    assert reference == sql
    return reference


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        ((), "100"),  # the first tier's fee is due without use
        ((Change(D(1), 7, 10),), "107"),
        ((Change(D(5), 1, 1), Change(D(5), 1, 2)), "212.5"),  # 5 × 10 + 2.5 × 5 + 150
        ((Change(D(8), 1, 2),), "182.5"),  # 2.5 × 10 + 1.5 × 5 + 150: one change in two tiers
        ((Change(D(8), 1, 1), Change(D(-4), 1, 2)), "202.5"),  # 50 + 15 - 1.5 × 5 - 0.5 × 10 + 150
        ((Change(D(5), 2, 5), Change(D(-100), 1, 3)), "0"),  # never less than nothing
    ],
)
def test_graduated_units_fall_into_tiers_in_full_and_are_priced_in_part(changes: tuple[Change, ...], amount: str) -> None:
    assert _rated(Graduated(tiers=TIERS, tiers_by="full_units"), *changes).raw.precise == D(amount)


def test_the_full_units_at_the_end_choose_the_tier_of_a_volume_price() -> None:
    tiers = (Tier(up_to=D(100), unit_price=D(2), flat_fee=D(10)), Tier(unit_price=D("0.5"), flat_fee=D(50)))
    rated = _rated(Volume(tiers=tiers, tiers_by="full_units"), Change(D(300), 331, 500))
    assert (rated.quantity, rated.billable_quantity, rated.raw.precise) == (D(300), D("198.6"), D("149.3"))


def test_units_there_for_the_whole_period_cost_what_they_cost_without_proration() -> None:
    changes = [Change(D(step), 30, 30) for step in (3, 4, -2, 6)]
    whole = Job((Component(id="c", meter=METER, price=Graduated(tiers=TIERS)),), (Use(METER, D(11)),), rating_preset("lago"))
    assert _rated(Graduated(tiers=TIERS, tiers_by="full_units"), *changes).amount == by_reference([whole])[0].amount


def test_tiers_by_full_units_have_no_packages_and_no_conversion() -> None:
    with pytest.raises(ValidationError, match="parts of units are priced"):
        Graduated(tiers=(Tier(unit_price=D(1), package_size=D(5)),), tiers_by="full_units")
    with pytest.raises(ValidationError, match="converts no units"):
        Component(id="c", meter=METER, price=Volume(tiers=TIERS, tiers_by="full_units"), included_units=D(3))


def test_a_prorated_meter_tells_the_changes_behind_its_quantity_in_the_order_of_their_days() -> None:
    seats = Meter(id="m", recurring=True, prorated=True)
    june = [Used(datetime(2024, 6, 16), D(3)), Used(datetime(2024, 6, 26), D(-2)), Used(datetime(2024, 5, 1), D(4))]
    with open_usage(june, [Subscribed("month/1/1/UTC")]) as connection:
        run_chain(connection, [seats], date(2024, 5, 1), date(2024, 6, 30))
        changes = connection.execute(
            "SELECT change_no, change, time_left, time_whole FROM metered_change "
            "WHERE period_start = DATE '2024-06-01' ORDER BY change_no"
        ).fetchall()
        ((quantity,),) = connection.execute("SELECT quantity FROM metered WHERE period_start = DATE '2024-06-01'").fetchall()
    assert changes == [(1, 4, 30, 30), (2, 3, 15, 30), (3, -2, 5, 30)]
    assert quantity == D("5.16667")  # 4 + 3 × 15/30 - 2 × 5/30, rounded up to 5 decimals
    rated = _rated(Graduated(tiers=TIERS, tiers_by="full_units"), *(Change(*row[1:]) for row in changes))
    # first tier: 4 + 0.5 seats; second: 2 × 15/30 - 2 × 5/30
    assert (rated.quantity, rated.raw.precise) == (D(5), D("4.5") * 10 + 100 + D("0.6666666667") * 5 + 50)


def test_a_book_that_chooses_tiers_by_full_units_needs_a_prorated_meter() -> None:
    component = Component(id="seats", meter="m", price=Volume(tiers=TIERS, tiers_by="full_units"))
    version = Version(effective_from=date(2024, 1, 1), components=(component,))
    book = PriceBook(name="b", currency="USD", versions=(version,), meters=(Meter(id="m"),))
    assert list(unmet_meters([book], [])) == ["seats of b chooses tiers by full units; m is not prorated"]


@pytest.mark.parametrize("engine", OTHERS)
def test_every_engine_prorates_to_the_same_digits(engine: str, opened: Callable[[str], Executor]) -> None:  # noqa: F811
    chance = random.Random(5)
    jobs = []
    for number in range(40):
        changes = tuple(
            Change(D(chance.randrange(-9_000_000, 20_000_000)).scaleb(-6), chance.randrange(32), 31)
            for _ in range(chance.randrange(5))
        )
        price = (Graduated if number % 2 else Volume)(tiers=TIERS, tiers_by="full_units")
        uses = (Use(METER, D(1), changes=changes),) if changes else ()
        jobs.append(Job((Component(id="c", meter=METER, price=price),), uses, rating_preset("lago")))
    expected, chain = open_rated(jobs)
    executor = opened(engine)
    for name in (*INPUTS, "metered_change"):
        executor.put(name, expected.execute(f"SELECT * FROM {name}").to_arrow_table())
    executor.run(chain)
    rows = expected.execute("SELECT * FROM rated_line").fetchall()
    assert len(rows) > 30
    assert sorted(map(repr, executor.fetch("rated_line"))) == sorted(map(repr, rows))


def test_the_relations_of_full_units_are_portable() -> None:
    for name in ("charge_prorated", "charge_prorated_volume"):
        assert violations(relation("growthring.pricing.rating", name).sql) == []


steps = st.lists(st.tuples(decimals("-20", "40", 6).filter(bool), st.integers(0, 31)), min_size=1, max_size=4)


@st.composite
def tiers_(draw: st.DrawFn) -> tuple[Tier, ...]:
    return tuple(Tier(up_to=bound, unit_price=draw(prices), flat_fee=draw(fees)) for bound in draw(bounds()))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(tiers_(), steps, st.booleans(), st.sampled_from(rating_preset_names()))
def test_both_paths_prorate_to_the_same_digits(
    tiers: tuple[Tier, ...], listed: list[tuple[Decimal, int]], is_volume: bool, policy: str
) -> None:
    kind = Volume if is_volume else Graduated
    _rated(kind(tiers=tiers, tiers_by="full_units"), *(Change(units, left, 31) for units, left in listed), policy=policy)
