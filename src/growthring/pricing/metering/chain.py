"""The chain of relations from usage records to metered quantities, as the meters in use need it."""

from collections.abc import Iterable
from datetime import datetime

from growthring.engine.relation import Relation, relation
from growthring.pricing.meter import Meter
from growthring.pricing.metering.family import Family, family_of
from growthring.tables.rated import METERED

PACKAGE = "growthring.pricing.metering"

END_OF_TIME = datetime(9999, 12, 31)

_NEEDED = {
    Family.PLAIN: ("plain_quantity",),
}
"""The relations of each family, beside those of all; the last one holds its quantities."""


def metering_chain(meters: Iterable[Meter], as_of: datetime = END_OF_TIME) -> list[Relation]:
    """Return the relations from ``usage`` and the input tables to quantities, in order; the last one is ``metered``.

    Args:
        meters: The meters in use; relations that none of them needs are left out.
        as_of: Records known later, and periods that begin later, are not seen.
    """
    used = list(meters)
    values = {"as_of": as_of}

    def step(name: str, called: str | None = None) -> Relation:
        return relation(PACKAGE, name, values, called=called)

    families = sorted({family_of(meter) for meter in used})
    chain = [step("subscription_period"), step("usage_window")]
    chain += [step(name) for family in families for name in _NEEDED[family]]
    chain.append(_together([_NEEDED[family][-1] for family in families] or ["plain_quantity"]))
    rounds = any(meter.rounding for meter in used)
    chain.append(step("metered" if rounds else "metered_unrounded", called="metered"))
    return chain


def _together(sources: list[str]) -> Relation:
    """Return the union of the quantities of several families."""
    selects = [
        "SELECT\n" + ",\n".join(f"  {source}.{name} AS {name}" for name in METERED.column_names) + f"\nFROM {source}"
        for source in sources
    ]
    return Relation("aggregated", "\nUNION ALL\n".join(selects), is_light=True)
