"""Random commitments, charges and timelines for property tests."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from growthring.pricing.commitments import Charge, Commitment
from growthring.pricing.commitments.periods import add_months
from growthring.pricing.commitments.timeline import Recurrence, TimedGrant, Timeline, Use

FIRST = date(2024, 1, 1)
ON = date(2025, 1, 1)
POOLS = {"a": "a", "b": "a"}
ACCOUNTS = ("a", "b", "c")
DAY = datetime(2024, 1, 1)

_SHARES = st.sampled_from([Decimal(0), Decimal("0.25"), Decimal("0.3333"), Decimal(1)])
_FACTORS = st.sampled_from([Decimal(1), Decimal("1.5"), Decimal("0.85")])


def _starts(number: int) -> date:
    return add_months(FIRST, number)


@st.composite
def grants(draw: st.DrawFn) -> list[Commitment]:
    number = draw(st.integers(0, 6))
    return [_grant(draw, f"g{place}") for place in range(number)]


def _grant(draw: st.DrawFn, name: str) -> Commitment:
    start = draw(st.integers(0, 9))
    end = draw(st.none() | st.integers(start + 1, start + 6))
    voided = draw(st.none() | st.none() | st.integers(start, start + 6))
    by_units = draw(st.booleans())
    size = Decimal(draw(st.integers(0, 20000))) / 100
    return Commitment(
        name,
        draw(st.sampled_from(ACCOUNTS)),
        draw(st.sampled_from(["prepaid", "credit"])),
        _starts(start),
        None if end is None else _starts(end),
        amount=None if by_units else size,
        quantity=size if by_units else None,
        meter=draw(st.sampled_from(["m1", "m2"])) if by_units else None,
        currency=None if by_units else draw(st.sampled_from(["USD", "USD", "JPY"])),
        priority=draw(st.integers(1, 2)),
        applies_to=draw(st.sampled_from([None, "usage", "fee", "c1", "c1, usage"])),
        scope=draw(st.sampled_from(["account", "family"])),
        rollover_share=draw(_SHARES),
        overage_factor=draw(_FACTORS),
        voided_on=None if voided is None else _starts(voided) + timedelta(days=draw(st.integers(0, 20))),
    )


@st.composite
def minimums(draw: st.DrawFn) -> list[Commitment]:
    return [_minimum(draw, f"m{place}") for place in range(draw(st.integers(1, 3)))]


def _minimum(draw: st.DrawFn, name: str) -> Commitment:
    start = _starts(draw(st.integers(0, 8))) + timedelta(days=draw(st.integers(0, 27)))
    by_units = draw(st.booleans())
    size = Decimal(draw(st.integers(0, 30000))) / 100
    kind = draw(st.sampled_from(["minimum", "minimum", "ela"]))
    currency = draw(st.sampled_from(["USD", "JPY"]))
    by_units = by_units and kind == "minimum"
    price = size * 100 if currency == "JPY" else size
    voided = draw(st.none() | st.integers(1, 200))
    return Commitment(
        name,
        draw(st.sampled_from(ACCOUNTS)),
        kind,
        start,
        draw(st.none() | st.integers(1, 400).map(lambda days: start + timedelta(days=days))),
        amount=draw(st.sampled_from([None, price])) if by_units else price,
        quantity=size if by_units else None,
        meter="m1" if by_units else None,
        currency=draw(st.sampled_from([None, currency])) if by_units else currency,
        applies_to=draw(st.sampled_from([None, "usage", "c1"])),
        scope=draw(st.sampled_from(["account", "family"])),
        overage_factor=draw(_FACTORS),
        true_up=draw(st.sampled_from(["term_end", "period", "none"])),
        voided_on=None if voided is None else start + timedelta(days=voided),
    )


@st.composite
def charges(draw: st.DrawFn) -> list[Charge]:
    return [_charge(draw, place) for place in range(draw(st.integers(0, 14)))]


def _charge(draw: st.DrawFn, place: int) -> Charge:
    month = draw(st.integers(0, 12))
    kind = draw(st.sampled_from(["usage", "usage", "fee"]))
    account = draw(st.sampled_from(ACCOUNTS))
    currency = draw(st.sampled_from(["USD", "USD", "USD", "JPY"]))
    amount = Decimal(draw(st.integers(-500, 12000))) / (1 if currency == "JPY" else 100)
    return Charge(
        account,
        f"s-{account}",
        _starts(month),
        _starts(month + 1),
        draw(st.sampled_from(["c1", "c2"])),
        kind,
        draw(st.sampled_from(["m1", "m2"])) if kind == "usage" else "",
        Decimal(draw(st.integers(0, 30000))) / 1000 if kind == "usage" else Decimal(0),
        amount,
        currency,
    )


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    number = draw(st.integers(0, 4))
    return Timeline(
        draw(st.text("tuv", min_size=1, max_size=3)),
        tuple(_timed_grant(draw, f"g{place}") for place in range(number)),
        tuple(Use(_minute(draw, 6000), Decimal(draw(st.integers(0, 80000))) / 1000) for _ in range(draw(st.integers(0, 8)))),
        DAY,
        DAY + timedelta(minutes=draw(st.integers(1, 6000))),
        tuple(_minute(draw, 6000) for _ in range(draw(st.integers(0, 2)))),
        draw(st.booleans()),
    )


def _minute(draw: st.DrawFn, most: int) -> datetime:
    return DAY + timedelta(minutes=draw(st.integers(0, most)))


def _timed_grant(draw: st.DrawFn, name: str) -> TimedGrant:
    start = _minute(draw, 4000)
    return TimedGrant(
        name,
        Decimal(draw(st.integers(0, 10000))) / 100,
        start,
        expires_at=start + timedelta(minutes=draw(st.integers(1, 8000))),
        voided_at=draw(st.none() | st.integers(0, 5000).map(lambda minutes: start + timedelta(minutes=minutes))),
        priority=draw(st.integers(1, 2)),
        created_at=DAY + timedelta(seconds=int(name[1:])),
        recurrence=draw(st.sampled_from([Recurrence.NONE, Recurrence.DAILY, Recurrence.WEEKLY])),
        rollover_min=Decimal(draw(st.integers(0, 20))),
        rollover_max=Decimal(draw(st.integers(20, 60))),
        carry_max=Decimal(draw(st.integers(0, 30))),
    )
