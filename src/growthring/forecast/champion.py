"""Who forecasts a segment: the champion stays until a challenger is better beyond chance, origin after origin.

The difference in absolute error is paired: both models forecast the same accounts from the same origins. Errors of one origin
are not independent of each other, so an origin is the unit; nor are those of neighbouring origins, whose horizons overlap, so
the mean difference is given the deviation it has when whole blocks of neighbouring origins are drawn with replacement (the
circular block bootstrap of Politis & Romano 1992, whose deviation is known without drawing). Blocks shorter than the overlap
see too little of it; the deviation is corrected for that as if neighbours shared everything that overlaps. The ratio is held
against Student's t with one degree of freedom less than there are blocks. Chances are corrected for the number of challengers
(Holm 1979). Besides, the challenger must be better at the majority of origins, so that one lucky month does not decide, and no
worse for the segment's sum: what errs least by account may do so by leaving out everybody who leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from growthring.forecast.backtest.replay import ACCOUNT, MONTH, SEGMENT, Backtest
from growthring.forecast.panel import Values

SIGNIFICANCE = 0.05
FEWEST_ORIGINS = 8
"""With fewer origins nobody is replaced."""
_FEWEST_BLOCKS = 4


@dataclass(frozen=True)
class Contest:
    """A challenger against the champion in a segment.

    Attributes:
        segment: The segment.
        champion: The one that stands.
        challenger: The one that wants to replace it.
        champion_wape: Weighted absolute percentage error by account and month over all origins; None where nothing was there.
        challenger_wape: The same of the challenger.
        better: Origins at which the challenger erred less.
        origins: Origins that were scored.
        chance: Chance of such a lead without skill, corrected for the number of challengers; None where it cannot be told.
        wins: Better beyond chance and at the majority of origins, and no worse for the segment's sum.
    """

    segment: str
    champion: str
    challenger: str
    champion_wape: float | None
    challenger_wape: float | None
    better: int
    origins: int
    chance: float | None
    wins: bool


@dataclass(frozen=True)
class Champion:
    """Who forecasts a segment from now on, and the contests that decided it."""

    segment: str
    model: str
    contests: Sequence[Contest]
    because: str


def choose_champions(
    found: Backtest, champion: str, challengers: Sequence[str], *, significance: float = SIGNIFICANCE
) -> list[Champion]:
    """Decide for each segment whether a challenger replaces the champion.

    Args:
        found: A backtest of all of them.
        champion: The model that forecasts now.
        challengers: The models that compete.
        significance: Chance of replacing a champion that is as good.
    """
    chosen = []
    for group, segment in enumerate(found.segments):
        volume = _by_origin(found, champion, group, "volume")
        scored = volume > 0
        errors = {name: _by_origin(found, name, group, "error")[scored] for name in (champion, *challengers)}
        sums = {name: _by_origin(found, name, group, "error", SEGMENT)[scored].sum() for name in (champion, *challengers)}
        chances = {name: lead_by_chance(errors[champion], errors[name], found.protocol.horizon) for name in challengers}
        contests = [
            replace(each, wins=each.wins and sums[name] <= sums[champion])
            for name, chance in holm(chances).items()
            for each in (_contest(segment, champion, name, errors, volume[scored].sum(), chance, significance),)
        ]
        winners = sorted((each for each in contests if each.wins), key=lambda each: each.challenger_wape or 0.0)
        model = winners[0].challenger if winners else champion
        chosen.append(Champion(segment, model, contests, _because(contests, winners, int(scored.sum()))))
    return chosen


def lead_by_chance(champion: Values, challenger: Values, horizon: int) -> float | None:
    """Return the chance that a challenger without more skill errs so much less, one-sided; None with too few origins.

    Args:
        champion: Absolute error at each origin, in order, shape (origins,).
        challenger: The same of the challenger.
        horizon: Months ahead; origins closer than this share months.
    """
    origins = len(champion)
    if origins < FEWEST_ORIGINS:
        return None
    lead = champion - challenger
    length = max(min(horizon, origins // _FEWEST_BLOCKS), 1)
    in_block = _blocks(origins, length)
    spread = np.sqrt(length * ((in_block @ lead - lead.mean()) ** 2).mean() / origins * _unseen(in_block, length, horizon))
    if spread == 0:
        return 0.0 if lead.mean() > 0 else 1.0
    return float(stats.t.sf(lead.mean() / spread, df=origins // length - 1))


def _blocks(origins: int, length: int) -> Values:
    """Return the weights that average each block of neighbouring origins, around the end, shape (origins, origins)."""
    first, place = np.ogrid[:origins, :origins]
    weights: Values = ((place - first) % origins < length) / length
    return weights


def _unseen(in_block: Values, length: int, horizon: int) -> float:
    """Return by how much blocks understate the variance of a mean whose terms share what their horizons overlap."""
    origins = len(in_block)
    apart = np.abs(np.subtract.outer(np.arange(origins), np.arange(origins)))
    shared = np.maximum(1 - apart / horizon, 0.0)
    variance = shared.mean()
    seen = length / origins * (np.trace(in_block @ shared @ in_block.T) / origins - variance)
    return float(variance / seen)


def holm(chances: dict[str, float | None]) -> dict[str, float | None]:
    """Return chances corrected for their number (Holm 1979): the least is multiplied by all, the next by one less, never falling.

    Example:
        >>> holm({"a": 0.01, "b": 0.04, "c": None})
        {'a': 0.02, 'b': 0.04, 'c': None}
    """
    known = sorted((chance, name) for name, chance in chances.items() if chance is not None)
    corrected: dict[str, float | None] = dict.fromkeys(chances)
    highest = 0.0
    for place, (chance, name) in enumerate(known):
        highest = max(highest, min(chance * (len(known) - place), 1.0))
        corrected[name] = highest
    return corrected


def _by_origin(found: Backtest, model: str, group: int, loss: str, level: str = ACCOUNT) -> Values:
    return np.array([sums[loss][group].sum() for sums in found.tallies[model][level, MONTH].by_origin])


def _contest(
    segment: str, champion: str, name: str, errors: dict[str, Values], volume: float, chance: float | None, significance: float
) -> Contest:
    better, origins = int((errors[name] < errors[champion]).sum()), len(errors[champion])
    wapes = [float(errors[each].sum() / volume) if volume else None for each in (champion, name)]
    wins = chance is not None and chance <= significance and better > origins / 2
    return Contest(segment, champion, name, wapes[0], wapes[1], better, origins, chance, wins)


def _because(contests: list[Contest], winners: list[Contest], origins: int) -> str:
    if origins < FEWEST_ORIGINS:
        return f"stays: {origins} origins are too few to replace anybody; {FEWEST_ORIGINS} are needed"
    if winners:
        best = winners[0]
        return f"replaced: better at {best.better} of {best.origins} origins, chance without skill {best.chance:.3f}"
    ahead = [each for each in contests if (each.challenger_wape or 0.0) < (each.champion_wape or 0.0)]
    if not ahead:
        return "stays: nobody erred less"
    return f"stays: {len(ahead)} erred less, none beyond chance, at most origins, and for the segment's sum too"
