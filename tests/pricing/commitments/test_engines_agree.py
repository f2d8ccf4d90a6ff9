"""Commitments are drawn down in the portable subset of SQL, and every engine gives DuckDB's digits."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from growthring.engine.executors import EXECUTORS, Executor, open_executor
from growthring.engine.portable import violations
from growthring.engine.relation import Relation, relation
from growthring.pricing.commitments import Charge, Commitment, commitment_chain, commitment_inputs
from growthring.pricing.commitments.coupons import allocation_chain, allocation_inputs, coupon_chain, coupon_inputs
from growthring.pricing.commitments.periods import add_months
from growthring.pricing.commitments.thresholds import threshold_chain, threshold_inputs
from growthring.pricing.commitments.timeline import Recurrence, TimedGrant, Timeline, Use
from growthring.pricing.commitments.timeline_chain import timeline_chain, timeline_inputs
from tests.pricing.commitments.running import Results, run_relations

D = Decimal
FIRST, ON = date(2024, 1, 1), date(2025, 1, 1)
DAY = datetime(2024, 1, 1)
POOLS = {f"a{number}": "a0" for number in range(4)}
OTHERS = [pytest.param(name, marks=pytest.mark.engine(name)) for name in EXECUTORS if name != "duckdb"]


@pytest.fixture
def opened(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Executor]]:
    """Return a function that opens an engine for this test."""
    executors: list[Executor] = []

    def open_engine(name: str) -> Executor:
        given = {"postgres": ("url", "postgres_server_url"), "spark": ("session", "spark")}
        needs = {given[name][0]: request.getfixturevalue(given[name][1])} if name in given else {}
        executors.append(open_executor(name, **needs))
        return executors[-1]

    yield open_engine
    for executor in executors:
        executor.close()


def company_commitments(count: int = 40) -> list[Commitment]:
    """Return every kind of commitment, in several currencies and measures; the same on every run."""
    chance = random.Random(5)
    found: list[Commitment] = []
    for number in range(count):
        kind = ("prepaid", "credit", "minimum", "ela")[number % 4]
        start = chance.randrange(9)
        currency = chance.choice(("USD", "USD", "JPY", "KWD"))
        by_units = kind != "ela" and number % 3 == 0
        size = D(chance.randrange(1, 400_000)) / (1 if currency == "JPY" else 100)
        found.append(
            Commitment(
                f"k{number:02d}",
                f"a{number % 7}",
                kind,
                add_months(FIRST, start),
                add_months(FIRST, start + chance.randrange(1, 5)) if number % 5 else None,
                amount=size,
                quantity=D(chance.randrange(1, 300_000)) / 1000 if by_units else None,
                meter="m1" if by_units else None,
                currency=currency,
                priority=chance.randrange(1, 3),
                applies_to=chance.choice((None, "usage", "c1,fee")),
                scope=chance.choice(("account", "family")),
                rollover_share=chance.choice((D(0), D("0.3333"), D(1))),
                overage_factor=chance.choice((D(1), D("1.255"))),
                true_up=chance.choice(("term_end", "period")),
                voided_on=add_months(FIRST, start + 1) if number % 11 == 3 else None,
            )
        )
    return [*found, *_successors(found)]


def _successors(commitments: list[Commitment]) -> list[Commitment]:
    """Return a commitment that follows each of the ending ones, for what rolls over."""
    return [
        replace(each, commitment_id=f"n{each.commitment_id}", starts_on=each.ends_on, ends_on=add_months(each.ends_on, 3))
        for each in commitments
        if each.ends_on and each.is_grant and not each.voided_on
    ]


def company_charges() -> list[Charge]:
    """Return charges of a year, from a fraction of a unit to the largest amounts."""
    chance = random.Random(6)
    found = []
    for number in range(300):
        month, account = chance.randrange(12), f"a{chance.randrange(7)}"
        currency, kind = chance.choice(("USD", "USD", "JPY", "KWD")), chance.choice(("usage", "usage", "fee"))
        scale = {"USD": 100, "JPY": 1, "KWD": 1000}[currency]
        amount = D(chance.randrange(-2000, 90_000)) / scale
        quantity = D(chance.randrange(1, 99_999_999)) / 1_000_000 if kind == "usage" else D(0)
        start, end = add_months(FIRST, month), add_months(FIRST, month + 1)
        component = chance.choice(("c1", "c2"))
        found.append(
            Charge(account, "s", start, end, component, kind, "m1" if kind == "usage" else "", quantity, amount, currency)
        )
        if number == 0:
            huge = D("12345678901.01")
            found.append(Charge("a0", "s", start, end, "c1", "usage", "m1", D("98765432101.123456"), huge, "USD"))
    return found


def timelines() -> list[Timeline]:
    """Return timelines of different depths."""
    chance = random.Random(7)
    found = []
    for number in range(6):
        grants = tuple(
            TimedGrant(
                f"g{place}", D(chance.randrange(1, 9999)) / 100, DAY + timedelta(hours=chance.randrange(40)),
                priority=chance.randrange(1, 3), created_at=DAY + timedelta(seconds=place),
                recurrence=chance.choice((Recurrence.NONE, Recurrence.DAILY)), carry_max=D(5), rollover_max=D(9),
            )
            for place in range(number % 4)
        )  # fmt: skip
        uses = tuple(Use(DAY + timedelta(minutes=chance.randrange(6000)), D(chance.randrange(9999)) / 1000) for _ in range(30))
        resets = (DAY + timedelta(hours=30),) if number % 2 else ()
        found.append(Timeline(f"t{number}", grants, uses, DAY, DAY + timedelta(hours=80), resets))
    return found


def every_statement() -> list[Relation]:
    """Return all relations of the room as they are run."""
    inputs = commitment_inputs(company_commitments(), ON, pools=POOLS)
    return [
        *commitment_chain(inputs),
        *timeline_chain(timeline_inputs(timelines())),
        *threshold_chain(),
        *coupon_chain(2),
        *allocation_chain(),
        relation("growthring.pricing.commitments", "revenue_split", {"since": FIRST}),
    ]


def _extras(executor: Executor) -> dict[str, list[tuple[object, ...]]]:
    inputs = timeline_inputs(timelines())
    coupons, number = coupon_inputs({"b": (D("33.33"), [D("12.5"), D("7")], [D(1)], "USD"), "j": (D(999), [], [D(5)], "JPY")})
    allocated = allocation_inputs({"b": (D("10.00"), [D("3.33"), D("3.33"), D("3.34")], "USD")})
    levels = threshold_inputs({"s": [D("90.10"), D(20), D(300)]}, {"s": [D(100), D(400)]})
    for name, table in {**inputs.tables, **coupons, **allocated, **levels}.items():
        executor.put(name, table)
    executor.run([*timeline_chain(inputs), *coupon_chain(number), *allocation_chain(), *threshold_chain()])
    names = ("timeline_balance", "coupon_discount", "coupon_share", "threshold_invoice")
    return {name: sorted(executor.fetch(name)) for name in names}


def _sorted(results: Results) -> dict[str, list[tuple[object, ...]]]:
    return {
        name: sorted((tuple(row.values()) for row in getattr(results, name)), key=repr)
        for name in ("drawdown", "commitment_balance", "overage", "commitment_charge")
    }


@pytest.mark.parametrize("step", every_statement(), ids=lambda step: step.name)
def test_a_relation_keeps_to_the_portable_subset(step: Relation) -> None:
    assert violations(step.sql) == []


@pytest.mark.parametrize("engine", OTHERS)
def test_an_engine_draws_down_to_the_same_digits(engine: str, opened: Callable[[str], Executor]) -> None:
    # each step of a drawdown is a job of Spark's: fewer balances in a row, of the same kinds
    commitments, charges = company_commitments(14 if engine == "spark" else 40), company_charges()
    expected = _sorted(run_relations(commitments, charges, ON, POOLS))
    assert all(expected.values())
    assert _sorted(run_relations(commitments, charges, ON, POOLS, executor=opened(engine))) == expected


@pytest.mark.parametrize("engine", OTHERS)
def test_an_engine_burns_timelines_and_bills_extras_to_the_same_digits(engine: str, opened: Callable[[str], Executor]) -> None:
    assert _extras(opened(engine)) == _extras(open_executor("duckdb"))
