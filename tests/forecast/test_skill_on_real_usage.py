"""Authors planted on real usage: heavy tails and real surprises, forecast by the model, judged by what really came."""

from dataclasses import replace

import numpy as np
import pytest

from growthring.forecast.author_skill import author_skill, override_weights
from growthring.forecast.growth import CohortGrowth
from growthring.forecast.layers import Folded, Method, fold
from growthring.forecast.override_cases import Cases, match_cases
from growthring.forecast.panel import Panel
from growthring.forecast.skill import Verdict, score_overrides
from growthring.journal.forecast_entries import Override
from growthring.kernel.period import Month
from tests.forecast.overridden import override
from tests.forecast.real_panels import usage_panel

HORIZON = 3
EACH = 80
AUTHORS = {"knows": 1.0, "half": 0.5, "guesses": 0.0}

pytestmark = pytest.mark.real


def forecast(panel: Panel, origin: int) -> tuple[Panel, np.ndarray]:
    """The panel as an origin saw it, and the model's point."""
    seen = panel.through(origin)
    return seen, CohortGrowth().predict(seen, HORIZON).point


def speak(panel: Panel, seen: Panel, point: np.ndarray, *, seed: int, shuffle: bool = False) -> list[Override]:
    """One override an account: a mixture of what will surprise the model and of another account's surprise."""
    random = np.random.default_rng(seed)
    column = seen.last_known + 1
    came = panel.values[:, column : column + HORIZON].mean(axis=1)
    expected = point.mean(axis=1)
    rows = np.flatnonzero(np.isfinite(came) & (expected > 0))
    chosen = random.choice(rows, EACH * len(AUTHORS), replace=False)
    surprise = np.clip(np.log(np.maximum(came[chosen], 1e-9) / expected[chosen]), -1, 1)
    known = random.permutation(surprise) if shuffle else surprise
    recorded = Month(seen.first_month + seen.last_known).first_day
    found = []
    for place, row in enumerate(chosen):
        share = list(AUTHORS.values())[place % len(AUTHORS)]
        says = share * known[place] + np.sqrt(1 - share**2) * random.choice(surprise)
        entry = override(
            Method.MULTIPLY, f"{np.exp(says):.4f}", override_id=place, author=list(AUTHORS)[place % len(AUTHORS)],
            account_id=str(seen.accounts[row]), first_month=seen.first_month + column,
        )  # fmt: skip
        found.append(replace(entry, recorded_at=entry.recorded_at.replace(year=recorded.year, month=recorded.month)))
    return found


def judged(panel: Panel, origin: int, seed: int, *, shuffle: bool = False) -> tuple[Folded, Cases]:
    seen, point = forecast(panel, origin)
    folded = fold(point, seen, speak(panel, seen, point, seed=seed, shuffle=shuffle))
    return folded, match_cases(folded.applied, seen, panel)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return usage_panel()


ORIGINS = [Month.parse(each).index for each in ("2025-04", "2025-09")]


def test_on_real_usage_who_knows_is_told_from_who_guesses_and_weights_help_later(panel: Panel) -> None:
    _, cases = judged(panel, ORIGINS[0], 1)
    verdicts = {each.name: each.verdict for each in score_overrides(cases)}
    assert verdicts["knows"] is Verdict.ADDS
    assert verdicts["guesses"] is not Verdict.ADDS
    skill = author_skill(cases.known_through(ORIGINS[0] + HORIZON))
    weight = {each.author: each.weight for each in skill}
    assert weight["knows"] > 0.8 > weight["half"] > weight["guesses"]

    seen, point = forecast(panel, ORIGINS[1])
    entries = speak(panel, seen, point, seed=2)
    named = np.isin(seen.accounts, [each.account_id for each in entries])
    came = panel.values[:, seen.months : seen.months + HORIZON]
    scale = point[named].mean(axis=1, keepdims=True)  # each account counts alike: one giant would decide alone

    def missed(final: np.ndarray) -> float:
        return float(np.nanmean(np.minimum(np.abs(final[named] - came[named]) / scale, 3)))

    model, trusted = missed(point), missed(fold(point, seen, entries).final)
    weighed = missed(fold(point, seen, entries, weights=override_weights(skill, entries)).final)
    assert weighed < min(model, trusted)


def test_on_real_usage_shuffled_knowledge_is_no_skill(panel: Panel) -> None:
    _, cases = judged(panel, ORIGINS[0], 3, shuffle=True)
    assert all(each.verdict is not Verdict.ADDS for each in score_overrides(cases))
    assert max(each.weight for each in author_skill(cases)) < 0.35
