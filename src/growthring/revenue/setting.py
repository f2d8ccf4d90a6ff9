"""Everything besides the canonical tables that revenue depends on: the calendar, the currency, and what was known when."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from growthring.engine.relation import Literal
from growthring.kernel.period import FiscalCalendar, Month
from growthring.revenue.policy import Basis, Policy, Smoothing

_KIND_SWITCHES = {"usage": ("usage", "exclude"), "one_off": ("one_off", "exclude"), "credit": ("credits", "ignore")}

END_OF_TIME = datetime(9999, 1, 1)


@dataclass(frozen=True, slots=True)
class TagSpan:
    """A person's note on months of an account: ``one_off`` or ``advised_saving`` (FC-06, N-37).

    Attributes:
        tag: The kind of note.
        account_id: The account.
        product_id: The product, or empty text for all of them.
        first_month: First month it holds for.
        last_month: Last month it holds for.
    """

    tag: str
    account_id: str
    product_id: str
    first_month: Month
    last_month: Month


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when revenue is looked at.

    Attributes:
        currency: Reporting currency, ISO 4217.
        data_through: Last day the data speak for; later months do not exist and the month it lies in may be partial.
        calendar: The fiscal calendar.
        as_of: Rows known later are not seen.
        tags: What people noted about months of accounts.
    """

    currency: str
    data_through: date
    calendar: FiscalCalendar = field(default_factory=FiscalCalendar)
    as_of: datetime = END_OF_TIME
    tags: Sequence[TagSpan] = ()

    @property
    def last_month(self) -> Month:
        """The month of the last day of the data."""
        return Month.of(self.data_through)

    @property
    def last_complete_month(self) -> Month:
        """The last month whose every day is in the data."""
        last = self.last_month
        return last if self.data_through == last.last_day else last - 1

    @property
    def quarter_shift(self) -> int:
        """Number added to a month so that fiscal quarters end where the remainder by three is two."""
        return (3 - (self.calendar.starts_month - 1) % 3) % 3


def parameters(policy: Policy, setting: Setting) -> dict[str, Literal]:
    """Return the values of all relation parameters under a policy and a setting."""
    week_numerator, _, week_denominator = policy.normalise.week.partition("/")
    day_numerator, _, day_denominator = policy.normalise.day.partition("/")
    switches: dict[str, Literal] = {
        name: value for name, value in policy.switches.items() if isinstance(value, str | int | bool) and "." not in name
    }
    return {
        **switches,
        **{_KIND_SWITCHES[each.value][0]: _KIND_SWITCHES[each.value][1] for each in policy.exclude if each.attribute == "kind"},
        "involuntary_reasons": "".join(f",{reason}" for reason in policy.involuntary_reasons) + ",",
        "basis": "live" if policy.basis is Basis.USAGE_SMOOTHED else policy.basis.value,
        "week_numerator": int(week_numerator),
        "week_denominator": int(week_denominator or 1),
        "day_numerator": int(day_numerator),
        "day_denominator": int(day_denominator or 1),
        "odd_days": policy.normalise.odd_days,
        "by_contract": policy.level.value in ("item", "subscription") or policy.grr_cap.value == "contract",
        "stride": 3 if policy.grain.value == "quarter" else 1,
        "quarter_shift": setting.quarter_shift,
        "as_of": setting.as_of,
        "late_days": policy.late_data_days + 1 if policy.restate == "as_reported" else 36500,
        "fx_on": policy.fx_on or setting.data_through,
        "last_month": setting.last_month.index,
        "used_until": setting.data_through + timedelta(days=1),
        "first_month": 0,
        "after_end": (setting.last_month + 2).first_day,
        "window": _window(policy),
        "smooth_all": policy.smoothing in (Smoothing.TRAILING_3, Smoothing.QUARTER_X4, Smoothing.TRAILING_12),
    }


def _window(policy: Policy) -> int:
    match policy.smoothing:
        case Smoothing.TRAILING_12:
            return 12
        case Smoothing.NONE:
            return policy.usage_window
        case _:
            return 3
