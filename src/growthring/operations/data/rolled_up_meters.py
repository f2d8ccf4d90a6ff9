"""Which meters and prices may read rolled-up usage: those that add quantities up."""

from collections.abc import Mapping

from growthring.kernel.errors import ConfigurationError
from growthring.operations.project import Project
from growthring.pricing.meter import Aggregation, Bucket, Meter
from growthring.pricing.rating.tables import COLUMNS, compile_books
from growthring.sources.config import SourceConfig


def refuse_meters(project: Project, rolled: Mapping[str, SourceConfig]) -> None:
    """Refuse meters and prices that need single events where only days or months are left of them.

    Args:
        project: The project with its price books.
        rolled: The rolled-up source by the name that its events carry as their meter.

    Raises:
        ConfigurationError: Names the meter or component, and the source.
    """
    books, own = project.price_books
    meters = [*own, *(meter for book in books for meter in book.meters)]
    affected = {meter.id: rolled[meter.event_name] for meter in meters if meter.event_name in rolled}
    for meter in meters:
        config = affected.get(meter.id)
        if config and (why := _needs_events(meter, config)):
            raise ConfigurationError(
                f"Meter {meter.id} reads {meter.event_name}, which source {config.name} rolls up by {config.rollup}; {why}.",
                valid="Meters over rolled-up usage sum it; with quantity = 1 in the source the sum is the number of events.",
                remedy=f"Let the meter sum, or leave out rollup of source {config.name}.",
            )
    at = {column.split()[0]: place for place, column in enumerate(COLUMNS["component"].split(", "))}
    for row in compile_books(books).rows["component"]:
        config = affected.get(str(row[at["meter"]]))
        if config and (row[at["kind"]] == "percentage" or row[at["fee_per_event"]] or row[at["carried"]]):
            raise ConfigurationError(
                f"Component {row[at['component_id']]} is priced by the event, and source {config.name} rolls its events up.",
                valid="Over rolled-up usage: prices of the quantity, without fees, limits or prices of single events.",
                remedy=f"Change the price, or leave out rollup of source {config.name}.",
            )


def _needs_events(meter: Meter, config: SourceConfig) -> str:
    """Return why a meter cannot read days or months instead of events; empty text when it can."""
    if meter.aggregation is Aggregation.COUNT:
        return "it counts events"
    if meter.aggregation is not Aggregation.SUM:
        return f"its aggregation is {meter.aggregation.value}"
    if meter.per_event:
        return "it keeps every event apart"
    if meter.recurring or meter.prorated:
        return "it follows a level through time"
    by_day = meter.bucket is Bucket.DAY or any(each.day_type for each in meter.derived)
    if meter.bucket in (Bucket.MINUTE, Bucket.HOUR) or any(each.time_of_day for each in meter.derived):
        return "it looks at the time of day"
    return "it looks at days" if by_day and config.rollup == "month" else ""
