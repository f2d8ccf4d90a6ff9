"""The days of the simulated window as whole numbers, with their ISO text ready."""

from datetime import date

from growthring.kernel.period import Month

_MARGIN_BEFORE = 15
_MARGIN_AFTER = 16


class Days:
    """Calendar of one simulation: days are ordinals, months count from 0 at the first month.

    The files are exported on the day after the last month, once its usage has been invoiced.

    Example:
        >>> days = Days(Month.parse("2022-01"), 12)
        >>> days.text[days.on(1, 15)], days.text[days.last_of(1)]
        ('2022-02-15', '2022-02-28')
    """

    def __init__(self, first_month: Month, months: int) -> None:
        self.first_month = first_month
        self.months = months
        span = range(-_MARGIN_BEFORE, months + _MARGIN_AFTER)
        self._first = {k: (first_month + k).first_day.toordinal() for k in span}
        self.text = {
            ordinal: date.fromordinal(ordinal).isoformat()
            for ordinal in range(self._first[-_MARGIN_BEFORE], self._first[months + _MARGIN_AFTER - 1])
        }
        self._month_of = {ordinal: Month.of(date.fromordinal(ordinal)).index - first_month.index for ordinal in self.text}
        self.data_through = self._first[months] - 1
        self.exported_on = self.data_through + 1
        self.month_names = [str(first_month + k) for k in range(months)]
        self.invoice_month_names = [*self.month_names, str(first_month + months)]

    def on(self, k: int, day_of_month: int) -> int:
        """Return a day of month ``k`` as an ordinal."""
        return self._first[k] + day_of_month - 1

    def last_of(self, k: int) -> int:
        """Return the last day of month ``k``."""
        return self._first[k + 1] - 1

    def month_of(self, day: int) -> int:
        """Return the month a day lies in, counted from the first month."""
        return self._month_of[day]

    def known(self, day: int, hour: int = 6) -> str:
        """Write the instant at which a row of a day became known, never after the day of the export."""
        return f"{self.text[min(day, self.exported_on)]} {hour:02d}:00:00"

    def data_through_date(self) -> date:
        """Return the last day the files know of."""
        return date.fromordinal(self.data_through)
