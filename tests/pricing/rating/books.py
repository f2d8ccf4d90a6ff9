"""Random price books and usage."""

from decimal import Decimal

from hypothesis import strategies as st

from growthring.pricing.adjustment import Adjustment, AdjustmentKind
from growthring.pricing.book import Component, PriceBook, Version
from growthring.pricing.meter import Conversion, Meter, Rounding
from growthring.pricing.policy import rating_preset_names
from growthring.pricing.price import (
    Block,
    BlockTier,
    Capacity,
    CapacityTier,
    CapacityTiers,
    Cell,
    Dynamic,
    Flat,
    Graduated,
    GraduatedPercentage,
    Matrix,
    Package,
    Percentage,
    PercentTier,
    PerUnit,
    StairStep,
    Tier,
    Volume,
)  # fmt: skip
from growthring.pricing.reference import Share, Use


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(low), Decimal(high), places=places, allow_nan=False, allow_infinity=False)


prices = decimals("0", "50", 8)
fees = decimals("0", "100", 4)
percents = decimals("0", "100", 6)
quantities = st.one_of(st.just(Decimal(0)), st.integers(0, 60).map(Decimal), decimals("0", "60", 6), decimals("0", "900000", 3))


@st.composite
def bounds(draw: st.DrawFn) -> list[Decimal | None]:
    found = draw(st.lists(st.one_of(st.integers(1, 60).map(Decimal), decimals("0.000001", "60", 6)), max_size=4, unique=True))
    return [*sorted(found), None]


@st.composite
def tiers(draw: st.DrawFn, *, unit: bool = True) -> tuple[Tier, ...]:
    size = st.none() | decimals("0.5", "20", 6)
    cap = st.none() | st.none() | fees
    return tuple(
        Tier(
            up_to=bound,
            unit_price=draw(prices) if unit else Decimal(0),
            flat_fee=draw(st.just(Decimal(0)) | fees),
            package_size=draw(size) if unit and draw(st.booleans()) else None,
            cap=draw(cap),
        )
        for bound in draw(bounds())
    )


@st.composite
def plain_tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Tiers without packages and caps."""
    return tuple(Tier(up_to=bound, unit_price=draw(prices), flat_fee=draw(fees)) for bound in draw(bounds()))


percent_tiers = bounds().flatmap(
    lambda found: st.tuples(*(st.builds(PercentTier, up_to=st.just(b), rate=percents, flat_fee=fees) for b in found))
)
blocks = st.lists(
    st.builds(BlockTier, size=decimals("0.5", "20", 6), max_blocks=st.integers(1, 10), price=prices), min_size=1, max_size=3
).map(tuple)
cell_prices = st.one_of(
    st.builds(PerUnit, unit_price=prices),
    st.builds(Graduated, tiers=tiers()),
    st.builds(Volume, tiers=tiers()),
    st.builds(StairStep, tiers=tiers(unit=False)),
    st.builds(
        Package, package_size=decimals("0.5", "20", 6), package_price=prices,
        free_units=st.just(Decimal(0)) | decimals("0", "30", 6),
        round=st.sampled_from(["up", "down"]), minimum_packages=st.integers(0, 2),
    ),
    st.builds(GraduatedPercentage, tiers=percent_tiers),
    st.builds(Capacity, amount=fees, included=decimals("0", "30", 6), overage_price=prices),
    st.builds(Block, tiers=blocks, mode=st.sampled_from(["all_tiers", "top_tier"])),
)  # fmt: skip
limits = st.none() | decimals("0", "60", 6)
usage_prices = st.one_of(
    cell_prices,
    st.builds(Percentage, rate=percents, fixed_per_event=fees),
    st.builds(
        Percentage, rate=percents, fixed_per_event=fees, free_events=st.none() | st.integers(0, 4), free_amount=limits,
        minimum_per_event=st.none() | decimals("0", "5", 8), maximum_per_event=st.none() | decimals("5", "50", 8),
    ),
    st.builds(Dynamic, multiplier=prices),
    st.builds(
        Matrix,
        cells=st.lists(
            st.builds(Cell, when=st.dictionaries(st.sampled_from("xy"), st.sampled_from("ab"), min_size=1), price=cell_prices),
            min_size=1, max_size=3,
        ).map(tuple),
        default=st.none() | cell_prices,
    ),
)  # fmt: skip
conversions = st.none() | st.builds(
    Conversion,
    operation=st.sampled_from(["multiply", "divide"]),
    factor=decimals("0.001", "1000", 3).filter(bool) | st.integers(1, 9).map(Decimal),
    round=st.sampled_from(list(Rounding)),
    precision=st.integers(-2, 3),
)


@st.composite
def adjustments(draw: st.DrawFn, *, on_bill: bool = False) -> tuple[Adjustment, ...]:
    found = []
    for kind in draw(st.lists(st.sampled_from(list(AdjustmentKind)), max_size=3)):
        is_percent = kind is AdjustmentKind.PERCENT_DISCOUNT
        first = draw(st.integers(1, 3))
        found.append(
            Adjustment(
                kind=kind,
                amount=None if is_percent else draw(fees),
                percent=draw(percents) if is_percent else None,
                factor=draw(decimals("1", "3", 8)),
                true_up=draw(st.booleans()) and not on_bill,
                prorate=draw(st.booleans()),
                scope="line" if on_bill else draw(st.sampled_from(["line", "bucket"])),
                first_period=first,
                last_period=draw(st.none() | st.just(first + 1)),
            )
        )
    return tuple(found)


@st.composite
def components(draw: st.DrawFn, name: str) -> Component:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return Component(
            id=name, price=draw(st.builds(Flat, amount=fees, prorate=st.booleans())), adjustments=draw(adjustments())
        )
    if kind == 1:
        capacity = st.lists(
            st.builds(CapacityTier, price=prices, limits=st.dictionaries(st.sampled_from(["m1", "m2"]), limits)),
            min_size=1,
            max_size=3,
        )
        found = CapacityTiers(tiers=tuple(_rising(draw(capacity))))
        return Component(id=name, price=found, adjustments=draw(adjustments()))
    return Component(
        id=name,
        meter=draw(st.sampled_from(["m1", "m2"])),
        price=draw(usage_prices),
        conversion=draw(conversions),
        included_units=draw(st.just(Decimal(0)) | decimals("0", "20", 6)),
        included_percent=draw(st.just(Decimal(0)) | decimals("0", "100", 6)),
        adjustments=draw(adjustments()),
    )


def _rising(found: list[CapacityTier]) -> list[CapacityTier]:
    """Limits of later tiers are at least those of earlier ones."""
    highest: dict[str, Decimal | None] = {}
    out = []
    for tier in found:
        for meter in ("m1", "m2"):
            before, now = highest.get(meter, Decimal(0)), tier.limits.get(meter)
            highest[meter] = None if before is None or now is None else max(before, now)
        out.append(CapacityTier(price=tier.price, limits=dict(highest)))
    return out


@st.composite
def books(draw: st.DrawFn) -> PriceBook:
    count = draw(st.integers(1, 3))
    version = Version(
        effective_from="2020-01-01",
        components=tuple(draw(components(f"c{number}")) for number in range(count)),
        adjustments=draw(adjustments(on_bill=True)),
    )
    return PriceBook(
        name="book",
        currency=draw(st.sampled_from(["USD", "JPY", "KWD"])),
        policy=draw(st.sampled_from(rating_preset_names())),
        meters=(Meter(id="m1", dimensions=("x", "y")), Meter(id="m2", dimensions=("x", "y"))),
        versions=(version,),
    )


@st.composite
def uses(draw: st.DrawFn) -> tuple[Use, ...]:
    """Quantities by meter and bucket; each bucket of a meter stands once for each group of dimensions."""
    keys = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["m1", "m2"]), st.sampled_from([(), (("x", "a"),), (("x", "a"), ("y", "b"))]), st.integers(0, 2)
            ),
            max_size=5,
            unique=True,
        )
    )
    found = []
    for meter, dimensions, bucket in sorted(keys):
        values = draw(st.lists(decimals("0", "40", 6), max_size=4)) or [draw(quantities)]
        found.append(
            Use(meter, sum(values, Decimal(0)), dimensions, bucket, len(values), draw(decimals("0", "100", 8)), tuple(values))
        )
    return tuple(found)


shares = st.integers(1, 30).map(lambda days: Share(days, 30))
