"""What all charts share: a title in words, plain values, formats of axes, and the finished specification."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal

from growthring.charts.theme import CONFIG, painted

if TYPE_CHECKING:
    import altair

Row = Mapping[str, Any]
Kind = Literal["amount", "share", "count", "price"]

_FORMATS: Mapping[Kind, str] = {"amount": "~s", "share": "~%", "count": "~s", "price": ".4~g"}
_EXACT: Mapping[Kind, str] = {"amount": ",.2f", "share": ".1%", "count": ",~r", "price": ",.8~r"}


@dataclass(frozen=True, slots=True)
class Axis:
    """What is measured.

    Attributes:
        title: In words, with the unit.
        kind: An amount of money, a share between 0 and 1, a count, or the price of a unit.
    """

    title: str
    kind: Kind = "amount"

    @property
    def short(self) -> str:
        """Format of the ticks."""
        return _FORMATS[self.kind]

    @property
    def exact(self) -> str:
        """Format of a tooltip."""
        return _EXACT[self.kind]


@dataclass(frozen=True, slots=True)
class Labels:
    """Words of the parts of a chart: what a value of the data is called.

    Attributes:
        words: Word by value; values without one are shown as they are.
    """

    words: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, value: object) -> str:
        """Return the word of a value."""
        return self.words.get(str(value), str(value))


@dataclass(frozen=True, slots=True)
class Chart:
    """A finished chart.

    Attributes:
        title: What is seen, in words.
        spec: Vega-Lite specification; colours by token.
    """

    title: str
    spec: dict[str, Any]

    def painted(self, mode: Literal["light", "dark"] = "light") -> dict[str, Any]:
        """Return the specification with configuration and the colours of a mode: what a notebook or an export draws."""
        found: dict[str, Any] = painted({**self.spec, "config": dict(CONFIG)}, mode)
        return found


def number(value: object) -> float | None:
    """Return a figure as a number to draw, or nothing where there is none.

    Example:
        >>> number("1234.50"), number(None), number("undefined")
        (1234.5, None, None)
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        found = float(Decimal(str(value)))
    except InvalidOperation:
        return None
    return found if math.isfinite(found) else None


def rows_called(name: str = "rows") -> "altair.NamedData":
    """Return data by name; `finished` puts in the rows, since Altair copies what a chart holds at each step."""
    from altair import NamedData

    return NamedData(name=name)


def finished(chart: "altair.TopLevelMixin", title: str, rows: Sequence[Row] = (), **others: Sequence[Row]) -> Chart:
    """Return a chart as plain data.

    Args:
        chart: An Altair chart of data by name.
        title: What is seen, in words; also read to those who do not see the chart.
        rows: The data called ``rows``.
        others: Data under other names.
    """
    spec: dict[str, Any] = chart.to_dict(validate=False)
    spec.pop("config", None)
    if others:
        spec["datasets"] = {name: [dict(row) for row in data] for name, data in ({"rows": rows} | others).items()}
    else:
        spec["data"] = {"values": [dict(row) for row in rows]}
    spec["description"] = title
    return Chart(title, spec)


def trust_charts() -> None:
    """Let Altair make charts without checking each part against the schema: for a server, whose charts tests have checked."""
    from altair.utils.schemapi import disable_debug_mode

    disable_debug_mode()


def ordered(rows: Sequence[Row], column: str) -> list[str]:
    """Return the distinct values of a column in the order of the rows: the order of an axis."""
    return list(dict.fromkeys(str(row[column]) for row in rows))
