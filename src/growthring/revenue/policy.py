"""Policies: named, versioned choices of definitions. Two figures that differ, differ by a policy or by the data.

Fields and values follow field note metrics §5; each names what it decides and what it does to the figure.
"""

import tomllib
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.kernel.ids import digest


class Grain(StrEnum):
    """How finely movements are booked inside a month."""

    EVENT = "event"
    DAY = "day"
    MONTH_END = "month_end"
    QUARTER = "quarter"


class Level(StrEnum):
    """Who counts as one customer."""

    ITEM = "item"
    SUBSCRIPTION = "subscription"
    ACCOUNT = "account"
    PARENT = "parent"


class HierarchyView(StrEnum):
    """Which hierarchy is used at the parent level, and for mergers at every level."""

    AS_OF = "as_of"
    CURRENT = "current"


class Evidence(StrEnum):
    """Which documents recurring revenue is read from."""

    INVOICES = "invoices"
    CONTRACTS = "contracts"
    BOTH = "both"


class UsageEvidence(StrEnum):
    """What usage revenue is read from."""

    INVOICES = "invoices"
    RATED = "rated"
    RATED_WITH_FEES = "rated_with_fees"


class Basis(StrEnum):
    """What counts as a month's recurring revenue."""

    CONTRACTED = "contracted"
    LIVE = "live"
    BILLED = "billed"
    RECOGNISED = "recognised"
    USAGE_SMOOTHED = "usage_smoothed"


class Smoothing(StrEnum):
    """Averaging over months before anything is compared."""

    NONE = "none"
    TRAILING_3 = "trailing_3"
    QUARTER_X4 = "quarter_x4"
    TRAILING_12 = "trailing_12"
    COMMITTED_PLUS_TRAILING = "committed_plus_trailing"


class NdrVariant(StrEnum):
    """How net dollar retention is computed."""

    POINT = "point"
    AVERAGE_4Q = "avg4q"
    TRAILING_12_WEIGHTED = "trailing12_weighted"
    TWO_YEAR = "two_year"
    QUARTER_YOY = "quarter_yoy"
    DAYS_30 = "30d"
    SURVIVORS = "survivors"
    BRIDGE = "bridge"


class GrrCap(StrEnum):
    """The grain at which growth may not make up for losses in gross retention."""

    ACCOUNT = "account"
    PRODUCT = "product"
    CONTRACT = "contract"
    TOTAL = "total"
    EVENTS = "events"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Normalisation(_Part):
    """How prices per week, per day or per odd number of days become monthly ones; years are always divided by 12."""

    week: str = Field("52/12", pattern=r"^(52/12|4)$", description="Monthly factor of a weekly price: `52/12` or `4`.")
    day: str = Field("365/12", pattern=r"^(365/12|30)$", description="Monthly factor of a daily price: `365/12` or `30`.")
    odd_days: str = Field(
        "by_day",
        pattern=r"^(by_day|round_30.42|face)$",
        description="A period that is no whole number of months or weeks: its price per day times the daily factor (`by_day`), "
        "its price over round(days / 30.42) months (`round_30.42`), or, when it is shorter than a month, its price as it stands (`face`).",
    )


EXCLUDABLE_KINDS = ("usage", "one_off", "credit")
"""Kinds of lines that an exclusion can leave out: recurring lines are what is measured, fees and tax never count."""


class Exclusion(_Part):
    """Customers or products left out of every figure."""

    attribute: str = Field(description="An account attribute, or `product`, `product_family` or `kind`.")
    value: str = Field(description="The value that is left out; of `kind`: `usage`, `one_off` or `credit`.")

    @model_validator(mode="after")
    def _check(self) -> "Exclusion":
        if self.attribute == "kind" and self.value not in EXCLUDABLE_KINDS:
            raise ValueError(f'kind "{self.value}" cannot be left out; valid: {", ".join(EXCLUDABLE_KINDS)}')
        return self


class Policy(_Part):
    """One choice for every question on which systems and companies differ."""

    name: str = Field(description="Name used with --policy.")
    title: str = Field("", description="What the policy reproduces, in a few words.")
    source: str = Field("", description="Where the definition was read: page, filing or code.")
    inferred: str = Field("", description="What the source does not say and was filled in.")
    warning: str = Field("", description="Why the figures of this policy should not be relied on, if so.")

    evidence: Evidence = Field(
        Evidence.INVOICES,
        description="Documents read: `invoices`, `contracts`, or `both` (contracts for what recurs, invoices for usage and one-offs).",
    )
    usage_evidence: UsageEvidence = Field(
        UsageEvidence.INVOICES,
        description="What usage revenue is read from: `invoices` (their usage lines); `rated` (metered use at the price books' prices, invoiced usage "
        "is then left out); `rated_with_fees` (the books' fees too, as recurring revenue, for fees that no other document states).",
    )
    grain: Grain = Field(
        Grain.MONTH_END,
        description="Movements between month ends (`month_end`), quarter ends (`quarter`), day by day (`day`) or change by change (`event`).",
    )
    level: Level = Field(Level.ACCOUNT, description="Who counts as one customer: `item`, `subscription`, `account` or `parent`.")
    hierarchy: HierarchyView = Field(
        HierarchyView.AS_OF,
        description="Parents and mergers as they stood in each month (`as_of`) or as they stand now (`current`).",
    )
    basis: Basis = Field(
        Basis.LIVE,
        description="`live`: the monthly price of what runs on the last day of the month; `contracted`: from the signature on; `billed`: the amount "
        "of the month's invoices; `recognised`: spread over the days of service; `usage_smoothed`: live, with usage averaged over usage_window months.",
    )
    usage_window: int = Field(
        3, ge=1, le=24, description="Months averaged when usage is smoothed; fewer while a customer is younger."
    )
    normalise: Normalisation = Field(
        default_factory=lambda: Normalisation.model_validate({}), description="Weekly, daily and odd periods to months."
    )
    discounts: str = Field(
        "all",
        pattern="^(none|recurring|all)$",
        description="Discounts taken off: `none` (list price), `recurring` only, or `all`.",
    )
    usage: str = Field("include", pattern="^(include|exclude)$", description="Whether metered revenue counts as recurring.")
    one_off: str = Field(
        "exclude", pattern="^(exclude|include)$", description="Whether one-off lines, and usage tagged as one-off, count."
    )
    credits: str = Field(
        "dated",
        pattern="^(ignore|dated|net)$",
        description="Credits without a product of their own: ignored, counted if they carry a service period, or all netted.",
    )
    free: str = Field(
        "active", pattern="^(active|inactive)$", description="Whether a customer at a price of zero is still a customer."
    )
    fx: str = Field(
        "floating",
        pattern="^(floating|event|constant)$",
        description="Exchange rate: of each month end (`floating`, drift in its own line), of the day the price began (`event`, drift between one period and the next in its own line), or of one day (`constant`).",
    )
    fx_on: date | None = Field(None, description="The day of the constant rate; empty means the last day of the data.")
    churn_time: str = Field(
        "period_end",
        pattern="^(request|period_end|status|days_past_due)$",
        description="When a leaving customer is lost: at the request, at the end of the paid period, when the billing system says so, or n days after an unpaid due date.",
    )
    days_past_due: int = Field(45, ge=0, description="The n of `days_past_due`.")
    involuntary_reasons: tuple[str, ...] = Field(
        (),
        description="Values of a contract's cancel_reason that mean it was not the customer's choice; any other reason, or none, is voluntary.",
    )
    pause: str = Field(
        "zero",
        pattern="^(zero|churn|keep)$",
        description="A paused line: no revenue but still a customer (`zero`), churn and reactivation (`churn`), or unchanged (`keep`).",
    )
    same_period: str = Field(
        "net",
        pattern="^(net|gross|ignore)$",
        description="Changes inside one month: netted, booked one by one, or, when a customer joins and leaves in it, not booked at all.",
    )
    reactivation: str = Field(
        "always",
        pattern="^(always|window|as_new)$",
        description="A returning customer: always a reactivation, only within reactivation_days, or always new.",
    )
    reactivation_days: int = Field(
        90,
        ge=1,
        description="The window, counted from the end of the lapsed month to the first day of the month of return for month-end grains.",
    )
    counts_in_ndr: bool = Field(
        True, description="Whether revenue of a customer that left and came back since the base date counts in retention."
    )
    ndr: NdrVariant = Field(
        NdrVariant.POINT,
        description="`point`: same customers now over then; `avg4q`, `trailing12_weighted`: averages of point rates; `two_year`, `quarter_yoy`: windows; `30d`: one month; `survivors`: customers present at both dates; `bridge`: the lazy division of the ledger.",
    )
    base_threshold: str = Field(
        "at_base",
        pattern="^(at_base|both)$",
        description="Whether threshold_arr is asked of the base date only or of both dates.",
    )
    threshold_arr: Decimal = Field(
        Decimal(0),
        ge=0,
        description="Annualised revenue in the reporting currency a customer must have to be in the retention base.",
    )
    exclude: tuple[Exclusion, ...] = Field((), description="Customers or products left out.")
    grr_cap: GrrCap = Field(
        GrrCap.ACCOUNT,
        description="Where growth may not offset loss: per `account`, `product`, `contract`, only in `total`, or counting attrition `events` only (falling usage is no contraction).",
    )
    smoothing: Smoothing = Field(
        Smoothing.NONE,
        description="`trailing_3`, `trailing_12`: mean of the last months; `quarter_x4`: the last full quarter annualised; `committed_plus_trailing`: contracted minimum plus three months' mean usage, of rated usage only what goes beyond the minimum.",
    )
    restate: str = Field(
        "current",
        pattern="^(current|as_reported)$",
        description="Closed months as the data say now, or as they were known at each month end plus late_data_days.",
    )
    late_data_days: int = Field(
        31, ge=0, description="With `as_reported`: rows known later than this many days after the month are left out of it."
    )

    @model_validator(mode="after")
    def _check(self) -> "Policy":
        if self.basis is Basis.CONTRACTED and self.evidence is Evidence.INVOICES:
            raise ValueError('basis "contracted" needs evidence "contracts" or "both": an invoice does not say what was signed')
        if self.smoothing is Smoothing.COMMITTED_PLUS_TRAILING and self.usage == "exclude":
            raise ValueError('smoothing "committed_plus_trailing" needs usage "include"')
        if self.usage_evidence is not UsageEvidence.INVOICES and self.restate == "as_reported":
            raise ValueError(
                'restate "as_reported" needs usage_evidence "invoices": rated usage is known as of one instant, which --as-of names'
            )
        if self.same_period != "net" and self.grain not in (Grain.EVENT, Grain.DAY):
            raise ValueError(
                f'same_period "{self.same_period}" needs grain "event" or "day": month ends cannot show what happened between'
            )
        windows = (NdrVariant.TWO_YEAR, NdrVariant.QUARTER_YOY, NdrVariant.BRIDGE)
        if self.grr_cap in (GrrCap.PRODUCT, GrrCap.CONTRACT, GrrCap.EVENTS) and self.ndr in windows:
            raise ValueError(f'grr_cap "{self.grr_cap.value}" needs a point-in-time ndr, not "{self.ndr.value}"')
        return self

    @property
    def switches(self) -> dict[str, Any]:
        """The fields that change figures, as plain values by name, nested ones dotted."""
        flat: dict[str, Any] = {}
        for name, value in self.model_dump(mode="json").items():
            if name in DESCRIPTIVE:
                continue
            if isinstance(value, dict):
                flat.update({f"{name}.{part}": inner for part, inner in value.items()})
            else:
                flat[name] = value
        return flat

    @property
    def version(self) -> str:
        """Short digest of the switches: the same definitions have the same version, whatever the name."""
        said = (each for each in sorted(self.switches.items()) if each not in _ADDED_LATER)
        return digest(f"{name}={value}" for name, value in said)[:12]

    def replace(self, **changes: object) -> "Policy":
        """Return a policy with some fields changed; dotted names reach nested fields.

        Example:
            >>> preset("standard").replace(**{"normalise.week": "4"}).normalise.week
            '4'
        """
        raw = self.model_dump(mode="json")
        for name, value in changes.items():
            outer, _, inner = name.partition(".")
            if inner:
                raw[outer] = {**raw[outer], inner: value}
            else:
                raw[outer] = value
        return Policy.model_validate(raw)


DESCRIPTIVE = ("name", "title", "source", "inferred", "warning")
"""Fields that describe a policy without changing a figure."""


_ADDED_LATER = (("usage_evidence", UsageEvidence.INVOICES.value),)
"""Switches that came with a later release, at the value that changes no figure: policies from before keep their version."""


def parse_policy(text: str, where: str) -> Policy:
    """Read a policy from TOML; `extends` names a preset whose choices it starts from.

    Args:
        text: TOML text with the fields of Policy.
        where: File name for error messages.
    """
    try:
        raw = tomllib.loads(text)
        base = preset(raw.pop("extends")).model_dump(mode="json") if "extends" in raw else {}
        for described in DESCRIPTIVE:
            base.pop(described, None)
        return Policy.model_validate({**base, **raw})
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{where} is not valid TOML: {error}.", remedy="Correct the file.") from error
    except ValidationError as error:
        details = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'policy'}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(
            f"{where} is not a policy: {details}.", remedy="`growthring policies --fields` lists every field and its values."
        ) from error


@cache
def preset(name: str) -> Policy:
    """Return a shipped policy by name.

    Raises:
        UnknownValueError: No preset has the name.
    """
    path = files("growthring.revenue") / "presets" / f"{name}.toml"
    if name not in preset_names():
        raise UnknownValueError("policy", name, preset_names())
    return parse_policy(path.read_text(), f"preset {name}")


@cache
def preset_names() -> tuple[str, ...]:
    """Names of the shipped policies."""
    folder = files("growthring.revenue") / "presets"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))
