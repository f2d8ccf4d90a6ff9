"""The waterfall of cohorts of a project: estimated from history, changed by the user, versioned by what it assumes (FC-12)."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from growthring.forecast.arrivals import fit_arrivals
from growthring.forecast.cohort_rates import BANDS, CohortRates, Rates, band_name, cohort_rates
from growthring.forecast.new_customers import newcomers, recent
from growthring.forecast.panel import Panel
from growthring.forecast.waterfall import AMOUNTS, Assumptions, Step, total_steps, waterfall
from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.history.account_panel import account_panel
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, read

_DEFINITION = (
    "Recurring revenue by quarter and yearly cohort (opening + new + reactivation + expansion + contraction + churn = closing) "
    "and revenue, the sum of the months. A plan from assumptions that can be changed, without a range; the value is its revenue."
)
_RATES = ("expansion", "contraction", "churn", "reactivation")
_RECENT = 24
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Changes:
    """What the user wants assumed otherwise.

    Attributes:
        file: A TOML file of assumptions; those it does not name are estimated.
        settings: ``name=value`` pairs, which win over the file.
        write: Where to write the assumptions in force, to be edited.
    """

    file: Path | None = None
    settings: tuple[str, ...] = ()
    write: Path | None = None


def cohort_waterfall(
    project: Project,
    *,
    quarters: int = 4,
    changes: Changes | None = None,
    policy: str | None = None,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer the quarters ahead as a waterfall of cohorts.

    Args:
        project: The project.
        quarters: Fiscal quarters ahead.
        changes: Assumptions that replace the estimated ones.
        policy: Policy name; the project's when absent.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    reading = read(project, policy=project.policy(policy), as_of=as_of, progress=progress)
    panel = account_panel(reading)
    last = reading.ledger.setting.last_complete_month
    opening = opening_base(reading, last)
    asked = changes or Changes()
    estimated, rates = _estimate(panel, quarters)
    assumed = _changed(estimated, asked)
    if asked.write:
        write_assumptions(asked.write, assumed)
    steps = waterfall(opening, last, quarters, project.calendar, assumed)
    totals = total_steps(steps)
    version = assumed.digest(opening, last)
    return Answer(
        metric="cohort_waterfall",
        value=money(sum((step.revenue for step in totals), Decimal(0)), reading.currency),
        unit=reading.currency,
        at=f"{last + 1} to {steps[-1].quarter}" if steps else str(last),
        definition=_DEFINITION,
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=[*_step_rows(steps, totals, reading), *_assumption_rows(estimated, assumed, rates)],
        caveats=[f"Version {version} of the assumptions.", *_doubts(panel, reading), *caveats(reading, [last])],
    )


def opening_base(reading: Reading, last: Month) -> dict[int, Decimal]:
    """Return recurring revenue in the last month by the month of the customers' first revenue."""
    rows = reading.ledger.connection.execute(
        """
        WITH began AS (SELECT entity_id, MIN(month) AS first_month FROM entity_month WHERE amount > 0 GROUP BY 1)
        SELECT first_month, SUM(amount) FROM entity_month JOIN began USING (entity_id)
        WHERE month = ? AND first_month <= ? GROUP BY 1
        """,
        [last.index, last.index],
    ).fetchall()
    return dict(rows)


def _estimate(panel: Panel, quarters: int) -> tuple[Assumptions, CohortRates]:
    rates = cohort_rates(panel)
    past = newcomers(panel)
    arriving: list[float] = []
    first = Decimal(0)
    if len(past.amounts):
        arriving = fit_arrivals(past.counts).mean(3 * quarters).reshape(quarters, 3).sum(axis=1).tolist()
        first = Decimal(repr(past.amounts[:, 0][recent(past.amounts)].mean().item()))
    numbers = tuple(Decimal(repr(each)).quantize(_CENT) for each in arriving)
    rounded = tuple(Rates(**{name: round(value, 6) for name, value in asdict(each).items()}) for each in rates.bands)
    return Assumptions(numbers, first.quantize(_CENT), rounded), rates


def _changed(estimated: Assumptions, changes: Changes) -> Assumptions:
    named: dict[str, Any] = _flat(_read(changes.file)) if changes.file else {}
    for each in changes.settings:
        name, sign, value = each.partition("=")
        if not sign:
            raise ConfigurationError(f"Not an assumption: {each!r}.", valid="Write NAME=VALUE, such as rates.1-3.churn=0.02.")
        named[name.strip()] = value.split(",") if name.strip() == "new.customers" else value
    assumed = estimated
    for name, value in named.items():
        assumed = _with(assumed, name, value)
    return assumed


def _with(assumed: Assumptions, name: str, value: object) -> Assumptions:
    if name == "new.customers":
        numbers = value if isinstance(value, list) else [value]
        return replace(assumed, new_customers=tuple(_number(name, each) for each in numbers))
    if name == "new.first_amount":
        return replace(assumed, first_amount=_number(name, value))
    names = [band_name(number) for number in range(len(BANDS))]
    group, _, rest = name.partition(".")
    band, _, rate = rest.partition(".")
    if group != "rates" or band not in names or rate not in _RATES:
        raise UnknownValueError("assumption", name, [known for known, _ in assumed.as_rows()])
    share = float(_number(name, value))
    if rate in ("contraction", "churn") and share > 1:
        raise ConfigurationError(f"{name} cannot be {value}.", valid="Valid: a share of revenue a month, 0 to 1.")
    rates = list(assumed.rates)
    rates[names.index(band)] = replace(rates[names.index(band)], **{rate: share})
    return replace(assumed, rates=tuple(rates))


def _number(name: str, value: object) -> Decimal:
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise ConfigurationError(f"{name} is {value!r}, which is no number.", valid="Valid: a number of zero or more.") from error
    if not found.is_finite() or found < 0:
        raise ConfigurationError(f"{name} cannot be {value!r}.", valid="Valid: a number of zero or more.")
    return found


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}.", remedy="`growthring waterfall --write plan.toml` writes one to edit."
        ) from error


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return found


def write_assumptions(path: Path, assumed: Assumptions) -> None:
    """Write the assumptions as a TOML file to edit.

    Raises:
        GrowthringError: A file of that name is there already.
    """
    if path.exists():
        raise GrowthringError(f"{path} is there already.", remedy="Name another file, or remove it.")
    lines = ["# What the waterfall assumes a month; rates are shares of last month's revenue, by months of age."]
    lines += ["", "[new]", f"customers = [{', '.join(f'{each:f}' for each in assumed.new_customers)}]  # a quarter"]
    lines += [f"first_amount = {assumed.first_amount:f}"]
    for number, rates in enumerate(assumed.rates):
        lines += ["", f'[rates."{band_name(number)}"]', *(f"{name} = {value:.6f}" for name, value in asdict(rates).items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _step_rows(steps: Sequence[Step], totals: Sequence[Step], reading: Reading) -> list[dict[str, Any]]:
    """Return the cohorts of each quarter with its total below them."""
    return [
        _row(step, reading) for total in totals for step in (*(each for each in steps if each.quarter == total.quarter), total)
    ]


def _row(step: Step, reading: Reading) -> dict[str, Any]:
    quarter = reading.project.calendar.label(step.quarter, PeriodKind.QUARTER)
    return {"kind": "step", "quarter": quarter, "cohort": step.cohort} | {name: f"{getattr(step, name):f}" for name in AMOUNTS}


def _assumption_rows(estimated: Assumptions, assumed: Assumptions, rates: CohortRates) -> list[dict[str, Any]]:
    months = {band_name(number): count for number, count in enumerate(rates.account_months)}
    return [
        {
            "kind": "assumption",
            "assumption": name,
            "assumed": now,
            "estimated": before,
            "account_months": months.get(name.split(".")[1]) if name.startswith("rates") else None,
        }
        for (name, now), (_, before) in zip(assumed.as_rows(), estimated.as_rows(), strict=False)
    ]


def _doubts(panel: Panel, reading: Reading) -> list[str]:
    found = []
    if panel.months < _RECENT:
        found.append(f"The history has {panel.months} months; rates read up to {_RECENT}, so they rest on little evidence.")
    if len(panel.started) and (panel.started == 0).any():
        found.append(f"{int((panel.started == 0).sum())} customers were there when the data begin: their age counts from then.")
    return found
