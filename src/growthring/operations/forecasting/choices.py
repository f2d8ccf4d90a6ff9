"""What a forecast can be asked: measures, attributes that make segments, and their values, as the data have them."""

from typing import Any

from growthring.operations.history.opening import REVENUE, USAGE
from growthring.operations.known_names import KnownNames
from growthring.operations.project import Project

_MOST = 30
_VALUES = (
    "SELECT [attribute, value] FROM account_attribute WHERE value IS NOT NULL AND attribute IN (SELECT attribute FROM "
    f"account_attribute WHERE value IS NOT NULL GROUP BY attribute HAVING COUNT(DISTINCT value) BETWEEN 2 AND {_MOST}) "
    "GROUP BY attribute, value ORDER BY attribute, value"
)


def forecast_choices(project: Project) -> dict[str, Any]:
    """Return the measures that can be forecast, and the values of each attribute that has between two and thirty of them."""
    known = KnownNames(project)
    meters = sorted(known.column("SELECT DISTINCT meter FROM usage WHERE meter IS NOT NULL"))
    attributes: dict[str, list[str]] = {}
    for attribute, value in known.column(_VALUES):
        attributes.setdefault(attribute, []).append(value)
    return {"measures": [REVENUE, *(f"{USAGE}{meter}" for meter in meters)], "attributes": attributes}
