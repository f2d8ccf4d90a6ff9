"""Closes: a month kept as it was reported, and what later data would say of it."""

import getpass
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from growthring.engine.relation import literal
from growthring.engine.store import Artifact
from growthring.journal.entries import Close
from growthring.kernel.errors import ConfigurationError, GrowthringError
from growthring.kernel.ids import digest
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, Value, money, plain, unit_name
from growthring.operations.data.assertions import require_assertions
from growthring.operations.data.restated_rows import restated_rows
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, is_partial, read, undefined_because
from growthring.revenue.evaluation import evaluate_together
from growthring.revenue.metrics import METRICS, Combine, Unit, metric
from growthring.revenue.policy import DESCRIPTIVE, Policy

_FIGURES = "entity_month.parquet"


@dataclass(frozen=True, slots=True)
class Restated:
    """A closed month whose figure differs now.

    Attributes:
        month: The month.
        policy: Policy name.
        as_reported: Recurring revenue as it was closed.
        now: Recurring revenue as the data say now.
    """

    month: Month
    policy: str
    as_reported: str
    now: str


def close(
    project: Project,
    at: str,
    *,
    policy: str | None = None,
    author: str | None = None,
    because: str = "",
    again: bool = False,
    include_partial: bool = False,
    progress: Progress = silent,
) -> Answer:
    """Keep a month as it is reported today; every assertion must hold first.

    Args:
        project: The project.
        at: The month.
        policy: The policy it is reported under; the project's when absent.
        author: Who closes it; the user logged in when absent.
        because: Why; needed where it is closed already.
        again: Keep another revision of a month that is closed already.
        include_partial: Keep a month that the data do not hold to its end.
        progress: Told about what has to be computed first.

    Raises:
        AssertionFailedError: Something the user knows does not hold.
        ClosedPeriodError: The month is closed already and ``again`` with a reason was not given.
    """
    chosen = project.policy(policy)
    reading, month, figures = _to_keep(project, chosen, at, include_partial=include_partial, progress=progress)
    who = author or getpass.getuser()
    artifact = _keep(project, reading, month, figures)
    with project.journal() as journal:
        journal.record_policy(chosen.name, chosen.version, digest=digest([_text(chosen)]), text=_text(chosen), author=who)
        entry = journal.record_close(
            month.index,
            policy_name=chosen.name,
            policy_version=chosen.version,
            snapshot_id=reading.snapshot.snapshot_id,
            artifact=artifact.key,
            metrics=figures,
            data_as_of=reading.ledger.setting.data_through,
            author=who,
            because=because,
            again=again,
        )
    definition = f"{month} as reported under {chosen.name}, revision {entry.revision}, closed by {who}."
    return _answered(reading, month, figures, definition)


def figures_to_close(project: Project, at: str, *, policy: str | None = None) -> Answer:
    """Answer which figures a close of a month would keep; what keeps it from being closed is raised as by `close`."""
    reading, month, figures = _to_keep(project, project.policy(policy), at)
    return _answered(reading, month, figures, f"{month} as it would be kept now under {reading.policy.name}.")


def _answered(reading: Reading, month: Month, figures: dict[str, str], definition: str) -> Answer:
    return Answer(
        metric="close",
        value=figures.get("mrr"),
        unit=unit_name(metric("mrr").unit, reading.currency),
        at=str(month),
        definition=definition,
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=_rows(figures, reading.currency),
        caveats=caveats(reading, [month]),
    )


def _to_keep(
    project: Project, policy: Policy, at: str, *, include_partial: bool = False, progress: Progress = silent
) -> tuple[Reading, Month, dict[str, str]]:
    require_assertions(project)
    reading, month = read(project, policy=policy, progress=progress), Month.parse(at)
    if is_partial(reading, month) and not include_partial:
        raise ConfigurationError(
            f"{month} is not over in the data, which end on {reading.ledger.setting.data_through}.",
            remedy="Close an earlier month, or add --include-partial.",
        )
    return reading, month, _figures(project, reading, month)


def _rows(figures: Mapping[str, str], currency: str) -> list[dict[str, Any]]:
    return [
        {"metric": name, "value": _typed(name, value), "unit": unit_name(metric(name).unit, currency)}
        for name, value in figures.items()
    ]


def restatement(project: Project, at: str, *, policy: str | None = None, top: int = 20) -> Answer:
    """Answer how a closed month would read today: figures, customers, and the rows that came late, were corrected or removed.

    The definitions are those of the close, whatever the policy says now, so the difference comes from the data alone.

    Raises:
        GrowthringError: The month is not closed under the policy.
    """
    month = Month.parse(at)
    entry = _latest(project, month, policy or project.settings.project.policy)
    reading = read(project, policy=_closed_policy(project, entry), currency=_closed_currency(project, entry))
    now = _figures(project, reading, month)
    figures = [
        {
            "kind": "metric",
            "metric": name,
            "as_reported": value,
            "now": now.get(name, ""),
            "difference": _difference(value, now.get(name, "")),
        }
        for name, value in entry.metrics.items()
        if value != now.get(name, "")
    ]
    customers = _customers(project, reading, month, entry, top)
    before = project.shelf.load(entry.snapshot_id)
    rows = restated_rows(reading, before, [row["customer"] for row in customers], top) if customers or figures else []
    changed = entry.policy_name not in project.policy_names() or project.policy(entry.policy_name).version != entry.policy_version
    return Answer(
        metric="restatement",
        value=_difference(entry.metrics.get("mrr", "0"), now.get("mrr", "0")),
        unit=unit_name(metric("mrr").unit, reading.currency),
        at=str(month),
        definition=f"{month} as the data say now less as closed on {entry.closed_at:%Y-%m-%d}, revision {entry.revision}.",
        policy={"name": entry.policy_name, "version": entry.policy_version},
        snapshot=reading.snapshot.snapshot_id,
        rows=[*figures, *customers, *rows],
        caveats=[
            *([f"Policy {entry.policy_name} has changed since; this uses the definitions of the close."] if changed else []),
            *([] if figures else ["Nothing differs from what was reported."]),
        ],
    )


def restated_closes(project: Project) -> list[Restated]:
    """Return the closed months whose recurring revenue differs now, for the notice after a run."""
    if not project.has_journal():
        return []
    with project.journal() as journal:
        closes = journal.closes()
    latest = {(entry.month, entry.policy_name): entry for entry in closes}
    found: list[Restated] = []
    readings: dict[tuple[str, str | None], Reading] = {}
    for entry in latest.values():
        currency = _closed_currency(project, entry)
        if (entry.policy_version, currency) not in readings:
            readings[entry.policy_version, currency] = read(project, policy=_closed_policy(project, entry), currency=currency)
        reading = readings[entry.policy_version, currency]
        row = reading.ledger.connection.execute(
            "SELECT COALESCE(SUM(amount), 0) FROM entity_month WHERE month = ?", [entry.month]
        ).fetchone()
        now = money(Decimal(row[0]) if row else Decimal(0), reading.currency)
        if now != entry.metrics.get("mrr"):
            found.append(Restated(Month(entry.month), entry.policy_name, entry.metrics.get("mrr", ""), now))
    return found


def list_closes(project: Project) -> list[Close]:
    """Return every close, oldest first."""
    if not project.has_journal():
        return []
    with project.journal() as journal:
        return journal.closes()


def _figures(project: Project, reading: Reading, month: Month) -> dict[str, str]:
    """Return every metric of a month as exact text; undefined ones are left out."""
    measured = [wanted for wanted in METRICS.values() if wanted.combine is not Combine.TABLE and not wanted.basis]
    evaluated = evaluate_together(reading.ledger, measured, [month])
    found: dict[str, str] = {}
    for wanted in measured:
        points = evaluated[wanted.name]
        denominator = points[0].denominator if points else None
        if undefined_because(reading, wanted, month, denominator, include_partial=True) or not points:
            continue
        value = points[0].value
        found[wanted.name] = str(plain(Decimal(0) if value is None else value, wanted.unit, reading.currency))
    return found


def _typed(name: str, value: str) -> Value:
    """Return a figure kept as text the way an Answer carries it."""
    match metric(name).unit:
        case Unit.RATIO | Unit.INDEX:
            return float(value)
        case Unit.COUNT:
            return int(value)
        case _:
            return value


def _keep(project: Project, reading: Reading, month: Month, figures: Mapping[str, str]) -> Artifact:
    """Keep the figures of a month for good: each customer's revenue and the ledger's lines."""

    def write(folder: Path) -> dict[str, Any]:
        for name, order in (("entity_month", "1, 2"), ("movement", "1, 2, 3, 4, 5, 6, 7")):
            reading.ledger.connection.execute(
                f"COPY (SELECT * FROM {name} WHERE month = {month.index} ORDER BY {order}) "
                f"TO {literal(str(folder / f'{name}.parquet'))} (FORMAT parquet, COMPRESSION zstd)"
            )
        (folder / "metrics.json").write_text(json.dumps(dict(figures), indent=1))
        return {"month": str(month), "currency": reading.currency}

    return project.store.build(
        "close/1", [reading.snapshot.snapshot_id, reading.policy.version, reading.currency, str(month), *figures.values()], write
    )


def _latest(project: Project, month: Month, policy: str) -> Close:
    if project.has_journal():
        with project.journal() as journal:
            entry = journal.latest_close(month.index, policy)
        if entry:
            return entry
    raise GrowthringError(
        f"{month} is not closed under {policy}.", remedy=f"`growthring close {month}` keeps it as it is reported now."
    )


def _closed_policy(project: Project, entry: Close) -> Policy:
    with project.journal() as journal:
        for change in journal.policies():
            if (change.policy_name, change.version) == (entry.policy_name, entry.policy_version):
                return Policy.model_validate(json.loads(change.text))
    return project.policy(entry.policy_name)


def _closed_currency(project: Project, entry: Close) -> str | None:
    """The currency of the figures as reported, whatever the project reports in now; the project's when it was not noted."""
    artifact = Artifact(entry.artifact, project.store.path_of(entry.artifact))
    return artifact.facts.get("currency") if artifact.path.exists() else None


def _text(policy: Policy) -> str:
    """The definitions alone: words about a policy may change without making another version of it."""
    described = set(DESCRIPTIVE) - {"name"}
    return policy.model_dump_json(exclude=described)


def _customers(project: Project, reading: Reading, month: Month, entry: Close, top: int) -> list[dict[str, Any]]:
    path = project.store.path_of(entry.artifact) / _FIGURES
    found = reading.ledger.connection.execute(
        f"""
        SELECT COALESCE(before.entity_id, latest.entity_id), COALESCE(before.amount, 0), COALESCE(latest.amount, 0)
        FROM read_parquet({literal(str(path))}) AS before
        FULL OUTER JOIN (SELECT entity_id, amount FROM entity_month WHERE month = {month.index}) AS latest
          ON latest.entity_id = before.entity_id
        WHERE COALESCE(before.amount, 0) <> COALESCE(latest.amount, 0)
        ORDER BY ABS(COALESCE(latest.amount, 0) - COALESCE(before.amount, 0)) DESC, 1 LIMIT {top or 1_000_000_000}
        """
    ).fetchall()
    return [
        {
            "kind": "customer",
            "customer": entity,
            "as_reported": money(before, reading.currency),
            "now": money(now, reading.currency),
            "difference": money(now - before, reading.currency),
        }
        for entity, before, now in found
    ]


def _difference(before: str, now: str) -> str:
    return str(Decimal(now or 0) - Decimal(before or 0))
