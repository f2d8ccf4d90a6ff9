"""Which dimensions of a record a meter keeps, and which records it counts, by the records' dimension text."""

from collections.abc import Iterable, Iterator

from growthring.pricing.meter import Meter


def parsed(dimensions: str | None) -> dict[str, str]:
    """Read ``key=value;key=value``.

    Example:
        >>> parsed("model=large;region=eu")
        {'model': 'large', 'region': 'eu'}
    """
    pairs = (part.partition("=") for part in (dimensions or "").split(";") if part)
    return {key: value for key, _, value in pairs}


def kept(meter: Meter, recorded: str | None, derived: str = "") -> str | None:
    """Return a record's dimensions as a meter keeps them, or nothing when its filters leave the record out.

    Args:
        meter: The meter.
        recorded: Dimensions of the record as text.
        derived: Derived dimensions of its time as text.

    Returns:
        ``key=value``, ordered by key, separated by ``;``. A dimension that the record does not have is left out.
    """
    found = parsed(recorded)
    if any(found.get(name) not in allowed for name, allowed in meter.filters.items()):
        return None
    values = {name: found[name] for name in meter.dimensions if name in found} | parsed(derived)
    return ";".join(f"{name}={values[name]}" for name in sorted(values))


def dimension_rows(meter: Meter, recorded: Iterable[str], derived: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    """Return (meter, recorded, derived, kept) for each pair of texts that the meter counts."""
    labels = list(derived)
    for text in recorded:
        for label in labels:
            dimensions = kept(meter, text, label)
            if dimensions is not None:
                yield meter.id, text, label, dimensions
