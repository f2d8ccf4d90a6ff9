"""What the journal says about a measure, folded onto a forecast: the one way in for commands that make forecasts (FC-04)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from growthring.forecast.author_skill import AuthorSkill
from growthring.forecast.layers import ALL, Folded, Layer, fold, standing
from growthring.forecast.panel import Panel, Values
from growthring.journal.forecast_entries import Override
from growthring.kernel.progress import Progress, silent
from growthring.operations.forecasting.override_scores import author_weights
from growthring.operations.forecasting.overrides import aware
from growthring.operations.project import Project

_TOLD = 5


@dataclass(frozen=True)
class FoldedOverrides:
    """A forecast with people's layers.

    Attributes:
        folded: The layers.
        override_ids: Entries that changed it.
        skill: Records of the authors, when their word was weighed.
        caveats: Entries that changed nothing, or less than they say, and how entries were weighed.
    """

    folded: Folded
    override_ids: tuple[int, ...]
    skill: tuple[AuthorSkill, ...]
    caveats: tuple[str, ...]


def standing_overrides(project: Project, *, measure: str = "revenue", as_of: datetime | None = None) -> list[Override]:
    """Return the overrides of a measure that count now, or counted at an instant."""
    if not project.has_journal():
        return []
    with project.journal() as journal:
        found = journal.overrides(known_at=aware(as_of), with_expired=True)
    return standing(found, measure, as_of)


def fold_overrides(
    project: Project,
    point: Values,
    panel: Panel,
    entries: Collection[Override],
    *,
    measure: str = "revenue",
    as_of: datetime | None = None,
    on: Collection[Layer] = ALL,
    computed: Mapping[Layer, Values] | None = None,
    by_confidence: bool = False,
    by_skill: bool = False,
    progress: Progress = silent,
) -> FoldedOverrides:
    """Fold overrides that count onto a model's point.

    Args:
        project: The project.
        point: The model's expected values, shape (rows, horizon).
        panel: The history it was made from; see `named_accounts.with_named_accounts` for accounts without one.
        entries: What `standing_overrides` returned.
        measure: What is forecast.
        as_of: The instant whose knowledge is used.
        on: Layers that are switched on.
        computed: Effects of contracts and of measured events, by layer.
        by_confidence: Take only the share of an override that its author is sure of.
        by_skill: Take only the share that the author's record, as known at the instant, bears out.
        progress: Told about what has to be computed first.
    """
    weights, skill = (
        author_weights(project, entries, measure=measure, as_of=as_of, progress=progress) if by_skill and entries else ({}, [])
    )
    folded = fold(point, panel, entries, on=on, computed=computed, by_confidence=by_confidence, weights=weights)
    changed = tuple(each.entry.override_id for each in folded.applied if len(each.before))
    caveats = [
        *_unmet(folded),
        *_weighed(skill),
        *(["Overrides count as far as their authors are sure."] if by_confidence else []),
    ]
    return FoldedOverrides(folded, changed, tuple(skill), tuple(caveats))


def _unmet(folded: Folded) -> list[str]:
    """Say which entries changed nothing, or less than they say."""
    found = [each for each in folded.applied if each.remark]
    told = [f"Override {each.entry.override_id} ({each.entry.scope}): {each.remark}." for each in found[:_TOLD]]
    return told + ([f"{len(found) - _TOLD} more overrides changed nothing, or less than they say."] if len(found) > _TOLD else [])


def _weighed(skill: Collection[AuthorSkill]) -> list[str]:
    if not skill:
        return []
    shown = [f"{each.author} {each.weight:.0%}" for each in sorted(skill, key=lambda each: -each.weight)[:_TOLD]]
    more = [f"and {len(skill) - _TOLD} more"] if len(skill) > _TOLD else []
    return [f"Overrides count as far as their authors' records bear them out: {', '.join([*shown, *more])}."]
