"""Recurring revenue of every account by month as a panel with the attributes of accounts: what analyses of the base read."""

from growthring.forecast.history import panel_of
from growthring.forecast.panel import Panel
from growthring.operations.history.opening import attributes_at
from growthring.operations.reading import Reading
from growthring.revenue.setting import END_OF_TIME


def account_panel(reading: Reading) -> Panel:
    """Return a(t) of every account in an open ledger, to its last complete month."""
    setting, connection = reading.ledger.setting, reading.ledger.connection
    last = setting.last_complete_month
    as_of = None if setting.as_of == END_OF_TIME else setting.as_of
    return panel_of(
        connection,
        "SELECT account_id, '' AS series, month, recurring_amount AS amount FROM panel",
        last_month=last.index,
        unit=f"{reading.currency} per month",
        attributes=attributes_at(connection, last, as_of),
    )
