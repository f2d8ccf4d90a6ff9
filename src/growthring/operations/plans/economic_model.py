"""The economic model from a file of assumptions: a plan by year, with the stated limits beside it (FC-25, FC-22 to FC-24)."""

import hashlib
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from growthring.forecast.economic_model import (
    COMPUTED_CAP,
    SHARE_CAP,
    STAGES,
    Costs,
    Model,
    Year,
    doubling_years,
    path_of_shares,
    project,
    value_of_customer,
)
from growthring.kernel.currency import exponent
from growthring.kernel.errors import ConfigurationError
from growthring.operations.answer import Answer, money

_DEFINITION = (
    "A plan, not a forecast: market × share × price × net dollar retention (counted at 100 % at most) less the costs is GM4. "
    "Every number is an assumption of the file. The value is GM4 of the last year."
)
EXAMPLE = """\
currency = "USD"

[market]                      # customers in the market as you define it (TAM)
customers = 20000
growth = 0.03                 # a year

[share]                       # at the end of each year; or years_to_5_percent = 3 and years = 6
path = [0.005, 0.01, 0.02, 0.03, 0.04, 0.05]

[price]
per_customer = 12000          # a year
growth = 0.0

[retention]
ndr = 0.95

[[costs]]
stage = "gm1"                 # gm1 sales, marketing, delivery; gm2 service; gm3 research; gm4 organisation
name = "sales and marketing"
share_of_revenue = 0.30

[[costs]]
stage = "gm3"
name = "research"
fixed = [900000, 1000000]     # the last holds for later years
"""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Market(_Part):
    customers: Decimal = Field(gt=0)
    growth: Decimal = Field(gt=-1)


class _Share(_Part):
    path: tuple[Decimal, ...] = ()
    years_to_5_percent: Decimal | None = Field(None, gt=0)
    years: int | None = Field(None, ge=1, le=50)
    cap: Decimal = Field(SHARE_CAP, gt=0, le=1)

    @model_validator(mode="after")
    def _one_way(self) -> "_Share":
        if bool(self.path) == (self.years_to_5_percent is not None and self.years is not None):
            raise ValueError("give `path`, or `years_to_5_percent` and `years`")
        if any(not 0 <= share <= 1 for share in self.path):
            raise ValueError("a share is between 0 and 1")
        return self


class _Price(_Part):
    per_customer: Decimal = Field(ge=0)
    growth: Decimal = Field(gt=-1)


class _Retention(_Part):
    ndr: Decimal = Field(ge=0)


class _Cost(_Part):
    stage: Literal["gm1", "gm2", "gm3", "gm4"]
    name: str
    share_of_revenue: Decimal = Decimal(0)
    per_customer: Decimal = Decimal(0)
    fixed: tuple[Decimal, ...] = ()


class Assumed(_Part):
    """The file of assumptions."""

    currency: str
    market: _Market
    share: _Share
    price: _Price
    retention: _Retention
    costs: tuple[_Cost, ...]

    def model(self) -> Model:
        """Return the model that the file describes."""
        share = self.share
        path = share.path or path_of_shares(share.years_to_5_percent or Decimal(1), share.cap, share.years or 1)
        costs = tuple(Costs(each.stage, each.name, each.share_of_revenue, each.per_customer, each.fixed) for each in self.costs)
        return Model(
            self.market.customers, self.market.growth, path, self.price.per_customer, self.price.growth, self.retention.ndr,
            share.cap, costs,
        )  # fmt: skip


def economic_model(path: Path) -> Answer:
    """Answer what the assumptions of a file come to.

    Args:
        path: A TOML file.

    Raises:
        ConfigurationError: Names each place of the file that cannot be used.
    """
    text, assumed = _read(path)
    model = assumed.model()
    years = project(model)
    last = years[-1]
    return Answer(
        metric="economic_model",
        value=money(last.margins[3], assumed.currency),
        unit=f"{assumed.currency} per year",
        at=f"year {last.year}",
        definition=_DEFINITION,
        policy={"name": f"assumptions of {path.name}", "version": hashlib.sha256(text.encode()).hexdigest()[:12]},
        snapshot="no data are read",
        rows=[*(_row(each, assumed.currency) for each in years), *_limits(model, assumed)],
        caveats=["A plan, not a forecast: every number is an assumption of the file.", *_doubts(model, years)],
    )


def _read(path: Path) -> tuple[str, Assumed]:
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text, parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}.", remedy="`growthring economic-model --example` prints one to start from."
        ) from error
    try:
        assumed = Assumed.model_validate(raw)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(
            f"{path} cannot be used: {places}.", remedy="`growthring economic-model --example` prints one that can."
        ) from error
    exponent(assumed.currency)
    return text, assumed


def _row(year: Year, currency: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "kind": "year", "year": year.year, "customers_in_market": f"{year.market:.0f}", "share": f"{100 * year.share:.2f} %",
        "customers": f"{year.customers:.0f}", "net_new_customers": f"{year.new_customers:.0f}",
        "revenue": money(year.revenue, currency), "revenue_uncapped": money(year.uncapped_revenue, currency),
    }  # fmt: skip
    row |= {stage: money(margin, currency) for stage, margin in zip(STAGES, year.margins, strict=True)}
    row["gm4_margin"] = f"{100 * year.margins[3] / year.revenue:.1f} %" if year.revenue else None
    return row


def _limits(model: Model, assumed: Assumed) -> list[dict[str, Any]]:
    value = value_of_customer(model)
    uncapped = "no end" if value.uncapped is None else money(value.uncapped, assumed.currency)
    caps = f"stated {100 * SHARE_CAP:.0f} %, computed 60 % × 50 % = {100 * COMPUTED_CAP:.0f} %"
    years = f"retention of 100 % for 3 years; uncapped {uncapped}"
    rows = [
        ("share planned with at most (FC-22)", f"{100 * model.share_cap:.0f} %", caps),
        ("value of a customer (FC-24)", money(value.capped, assumed.currency), years),
    ]
    if assumed.share.years_to_5_percent is not None:
        rows += [
            (f"{100 * share:.0f} % of the market (FC-23)", f"year {year.normalize():f}", "each doubling in half the time")
            for share, year in doubling_years(assumed.share.years_to_5_percent, model.share_cap)
        ]
    return [{"kind": "limit", "limit": name, "value": told, "from": why} for name, told, why in rows]


def _doubts(model: Model, years: list[Year]) -> list[str]:
    told = []
    if above := [str(each.year) for each in years if each.is_above_cap]:
        told.append(f"The share is above the cap of {100 * model.share_cap:.0f} % in year {', '.join(above)} (FC-22).")
    if COMPUTED_CAP < max(model.shares) <= SHARE_CAP:
        told.append(f"The share goes beyond the computed cap of {100 * COMPUTED_CAP:.0f} %, within the stated one.")
    if model.ndr > 1:
        told.append("Retention above 100 % is counted as 100 % until there is mature evidence (FC-24); uncapped is shown beside.")
    if model.share_cap != SHARE_CAP:
        told.append(f"The file sets a share cap of {100 * model.share_cap:.0f} %; the stated one is {100 * SHARE_CAP:.0f} %.")
    if missing := [stage.upper() for stage in STAGES if stage not in {each.stage for each in model.costs}]:
        told.append(f"No costs are given before {', '.join(missing)}.")
    if any(each.new_customers < 0 for each in years):
        told.append("Customers fall in some year; what leaves is in the retention, and nothing more is taken off.")
    return told
