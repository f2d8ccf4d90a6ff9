"""Customers to come: from the trend of those that came, by engine of demand, or from a pipeline (FC-12, FC-14, FC-16)."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np

from growthring.forecast.engines import Driver, together, two_engines
from growthring.forecast.new_customers import Deal, NewCustomers, from_pipeline, newcomers, ramp_factors
from growthring.forecast.panel import Panel
from growthring.forecast.ramp import lag_by_month, lags_by_group
from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.history.account_panel import account_panel
from growthring.operations.history.opening import History, open_history
from growthring.operations.plans.ramp import signings, waits
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, read

_DEFINITION = (
    "Recurring revenue of customers that do not exist yet, in each month ahead: how many come × what they bring first × how that "
    "grows, with the range that holds four times in five. The value is that of the last month."
)
_PATHS = 1000
_ENGINES = ("self-serve", "rep-created")


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is asked of customers to come.

    Attributes:
        horizon: Months ahead.
        pipeline: A CSV of open deals, or nothing for the trend.
        self_serve: Values of the attribute that need no representative.
        attribute: The attribute that tells the two engines apart.
        drivers: A CSV with month, engine and value: what an engine hangs on.
    """

    horizon: int = 12
    pipeline: Path | None = None
    self_serve: tuple[str, ...] = ("self-serve",)
    attribute: str = "channel"
    drivers: Path | None = None


def new_customers(
    project: Project,
    asked: Ahead | None = None,
    *,
    policy: str | None = None,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer what customers to come will bring.

    Args:
        project: The project.
        asked: Horizon, pipeline and engines.
        policy: Policy name; the project's when absent.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    wanted = asked or Ahead()
    reading = read(project, policy=project.policy(policy), as_of=as_of, progress=progress)
    panel = account_panel(reading)
    history = open_history(project, policy=policy, as_of=as_of, progress=progress)
    if wanted.pipeline:
        parts = {"pipeline": pipeline_customers(reading, panel, wanted.horizon, wanted.pipeline)}
    else:
        parts = _from_engines(panel, wanted)
    total = parts.get("total") or parts["pipeline"]
    first = panel.last_month + 1
    return Answer(
        metric="new_customer_revenue", value=_money(total.mean[-1], reading), unit=f"{reading.currency} per month",
        at=str(first + (wanted.horizon - 1)), definition=_DEFINITION, policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=[row for name, part in parts.items() for row in _rows(name, part, first, reading)],
        caveats=[*total.notes, *caveats(reading, []), *_beside_forecast(reading, history, total, wanted)],
    )  # fmt: skip


def _beside_forecast(reading: Reading, history: History, found: NewCustomers, asked: Ahead) -> list[str]:
    """Say what the forecast takes as customers to come in the last month: it knows neither a pipeline nor drivers."""
    if not history.panel.rows:
        return []
    expected = together(two_engines(history.panel, asked.horizon, count=_PATHS)).mean[-1]
    if _money(expected, reading) == _money(found.mean[-1], reading):
        return ["`growthring forecast` holds the same figures as its new customers, beside those of today."]
    at = history.panel.last_month + asked.horizon
    return [
        f"`growthring forecast` takes {_money(expected, reading)} in {at} as its new customers: the trend of past arrivals by "
        "channel, without a pipeline or drivers, counting late usage of the last month.",
        *(["With --pipeline the forecast takes this one."] if asked.pipeline else []),
    ]


def _from_engines(panel: Panel, asked: Ahead) -> dict[str, NewCustomers]:
    given = _drivers(asked.drivers, panel, asked.horizon) if asked.drivers else {}
    engines = two_engines(
        panel, asked.horizon, self_serve=asked.self_serve, attribute=asked.attribute, drivers=given, count=_PATHS
    )
    named = (
        {engine.name: engine.ahead for engine in engines if engine.past_customers} if asked.attribute in panel.attributes else {}
    )
    return {**(named if len(named) > 1 else {}), "total": together(engines)}


def _rows(name: str, part: NewCustomers, first: Month, reading: Reading) -> list[dict[str, Any]]:
    amounts = {"amount": part.mean} | dict(zip(("low80", "high80"), np.quantile(part.draws, [0.1, 0.9], axis=0), strict=True))
    return [
        {"engine": name, "month": str(first + ahead), "customers": round(float(part.customers[ahead]), 2)}
        | {column: _money(values[ahead], reading) for column, values in amounts.items()}
        for ahead in range(len(part.mean))
    ]


def _money(value: float, reading: Reading) -> str:
    return money(Decimal(repr(float(value))), reading.currency)


def pipeline_customers(reading: Reading, panel: Panel, horizon: int, pipeline: Path) -> NewCustomers:
    """Return what the open deals of a file bring: each timed by the lag of its segment, grown like customers before it (FC-14).

    Args:
        reading: The books, for how long signatures took to bring revenue.
        panel: Revenue by account, for the ramp of customers that came.
        horizon: Months ahead.
        pipeline: A CSV of open deals.

    Raises:
        ConfigurationError: Names the row that cannot be read.
    """
    deals = read_deals(pipeline, panel.last_month + 1)
    through = reading.ledger.setting.data_through
    days, arrived, groups = waits(signings(reading, _segment_of(panel)), "signed to revenue", through)
    if any(arrived):
        pooled, curves = lags_by_group(np.array(days), np.array(arrived), groups)
        lags = {name: lag_by_month(curve, horizon) for name, (curve, _) in curves.items()}
        lags[""] = lag_by_month(pooled, horizon)
    else:
        lags = {"": np.ones(1)}
    ramp = ramp_factors(newcomers(panel).amounts, horizon) if panel.rows else np.ones(1)
    return from_pipeline(deals, lags, ramp, horizon, count=_PATHS)


def _segment_of(panel: Panel) -> str:
    return "segment" if "segment" in panel.attributes else next(iter(panel.attributes), "segment")


def read_deals(path: Path, first: Month) -> list[Deal]:
    """Read open deals: amount a month in the reporting currency, probability in percent, month of closing, segment.

    Raises:
        ConfigurationError: Names the row that cannot be read.
    """
    found = []
    for number, row in _table(path, ("amount", "probability", "close"), "amount,probability,close,segment"):
        chance = _number(row["probability"].rstrip(" %"), path, number) / 100
        if not 0 <= chance <= 1:
            raise ConfigurationError(f"{path}, row {number}: probability {row['probability']}.", valid="Valid: 0 to 100 percent.")
        ahead = max(Month.parse(row["close"]).index - first.index, 0)
        found.append(Deal(float(_number(row["amount"], path, number)), float(chance), ahead, row.get("segment") or ""))
    return found


def _drivers(path: Path, panel: Panel, horizon: int) -> dict[str, Driver]:
    """Read what the engines hang on: a row a month, in the past and ahead."""
    values: dict[str, dict[int, float]] = {}
    for number, row in _table(path, ("month", "engine", "value"), "month,engine,value"):
        if row["engine"] not in _ENGINES:
            raise UnknownValueError(f"engine in {path}, row {number}", row["engine"], _ENGINES)
        values.setdefault(row["engine"], {})[Month.parse(row["month"]).index] = float(_number(row["value"], path, number))
    return {name: _driver(path, name, months, panel, horizon) for name, months in values.items()}


def _driver(path: Path, name: str, months: dict[int, float], panel: Panel, horizon: int) -> Driver:
    last = panel.last_month.index
    wanted = range(panel.first_month, last + 1)
    lacking = [str(Month(month)) for month in wanted if months.get(month, 0) <= 0]
    if lacking:
        raise ConfigurationError(
            f"{path} has no positive value of {name} in {', '.join(lacking[:3])}{' …' if len(lacking) > 3 else ''}.",
            valid=f"A driver needs every month from {Month(panel.first_month)} to {panel.last_month}.",
            remedy="Add the months; months ahead may be left out and are held at the last value.",
        )
    ahead, value = [], months[last]
    for month in range(last + 1, last + 1 + horizon):
        value = months.get(month, value)
        ahead.append(value)
    return Driver(np.array([months[month] for month in wanted]), np.array(ahead))


def _table(path: Path, needed: Sequence[str], example: str) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
            names = reader.fieldnames or []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.", remedy=f"Give a CSV with the columns {example}.") from error
    if missing := [name for name in needed if name not in names]:
        raise ConfigurationError(f"{path} lacks the columns {', '.join(missing)}.", valid=f"Columns: {example}.")
    return list(enumerate(rows, 1))


def _number(text: str, path: Path, row: int) -> Decimal:
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation as error:
        raise ConfigurationError(f"{path}, row {row}: {text!r} is no number.", valid="Valid: digits with a point.") from error
    if not found.is_finite():
        raise ConfigurationError(f"{path}, row {row}: {text!r} is no number.", valid="Valid: digits with a point.")
    return found
