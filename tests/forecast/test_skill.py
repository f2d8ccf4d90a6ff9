"""Overrides planted on accounts whose future is known: who knew something is told apart from who did not."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from growthring.forecast.author_skill import author_skill, override_weights
from growthring.forecast.layers import Method, fold
from growthring.forecast.override_cases import Cases, join_cases, match_cases
from growthring.forecast.panel import Cell, Panel
from growthring.forecast.skill import Verdict, score_all, score_overrides, small_edits
from growthring.journal.forecast_entries import Override, OverrideLayer, OverrideReason
from growthring.kernel.errors import UnknownValueError
from tests.forecast.overridden import ORIGIN, override, panel_of

HORIZON = 6
AUTHORS: Mapping[str, float] = {"knows": 0.9, "half": 0.5, "guesses": 0.0, "inverts": -0.8}
"""Correlation between what an author says and what surprises the model."""


def plant(
    seed: int, *, each: int = 60, authors: Mapping[str, float] = AUTHORS, shuffle: bool = False
) -> tuple[np.ndarray, Panel, list[Override], Panel]:
    """A model's point, its panel, one override per account, and the panel that shows what happened."""
    random = np.random.default_rng(seed)
    names = [name for name in authors for _ in range(each)]
    level = random.lognormal(8, 1, len(names))
    surprise = random.normal(0, 0.3, len(names))
    known = np.array([authors[name] for name in names])
    said = known * surprise + np.sqrt(1 - known**2) * random.normal(0, 0.2, len(names))
    if shuffle:
        surprise = random.permutation(surprise)
    entries = [
        override(Method.MULTIPLY, f"{max(0.0, 1 + change):.4f}", override_id=number, author=name, account_id=f"a{number}")
        for number, (name, change) in enumerate(zip(names, said, strict=True))
    ]
    history = np.repeat(level[:, np.newaxis], 12, axis=1)
    noise = random.normal(0, 0.05, (len(names), HORIZON))
    future = np.maximum(level[:, np.newaxis] * (1 + surprise[:, np.newaxis] + noise), 0)
    point = np.repeat(level[:, np.newaxis], HORIZON, axis=1)
    return point, panel_of(history), entries, panel_of(np.hstack([history, future]))


def planted_cases(seed: int, **changed: object) -> Cases:
    point, panel, entries, actual = plant(seed, **changed)
    return match_cases(fold(point, panel, entries).applied, panel, actual)


def test_useful_and_useless_authors_are_told_apart() -> None:
    cases = planted_cases(1)
    verdicts = {each.name: each.verdict for each in score_overrides(cases)}
    assert verdicts["knows"] is Verdict.ADDS
    assert verdicts["inverts"] is Verdict.TAKES
    assert verdicts["guesses"] in (Verdict.UNCLEAR, Verdict.TAKES)
    weights = {each.author: each.weight for each in author_skill(cases)}
    assert weights["knows"] > 0.85
    assert weights["knows"] > weights["half"] > weights["guesses"] + 0.2
    assert weights["guesses"] < 0.3
    assert weights["inverts"] == 0


def test_shuffled_outcomes_give_no_skill() -> None:
    found = Counter[Verdict]()
    weights = []
    for seed in range(25):
        cases = planted_cases(seed, shuffle=True)
        found.update(each.verdict for each in score_overrides(cases))
        weights += [each.weight for each in author_skill(cases)]
    assert found[Verdict.ADDS] <= 5  # of 100: an interval of 95 % errs upwards in 2.5 of 100
    assert np.mean(weights) < 0.2


def test_weights_learned_from_the_past_make_later_overrides_better() -> None:
    past = planted_cases(2)
    skill = author_skill(past)
    point, panel, entries, actual = plant(3)
    truth = actual.values[:, -HORIZON:]
    errors = [
        np.abs(folded - truth).sum() / truth.sum()
        for folded in (
            point,
            fold(point, panel, entries).final,
            fold(point, panel, entries, weights=override_weights(skill, entries)).final,
        )
    ]
    model, at_their_word, weighted = errors
    assert weighted < 0.85 * model
    assert weighted < 0.85 * at_their_word


def test_a_new_author_counts_as_authors_usually_do_and_with_no_record_at_all_is_taken_at_their_word() -> None:
    assert author_skill(join_cases([]), ["Kim"])[0].weight == 1
    usually = author_skill(planted_cases(4, authors={"a": 0.0, "b": 0.0, "c": 0.1, "d": -0.1}), ["Kim"])
    assert usually[-1].author == "Kim"
    assert usually[-1].came_true is None
    assert usually[-1].weight < 0.3


def test_a_short_record_moves_a_weight_less_than_a_long_one() -> None:
    authors = {"knows": 0.95, "also knows": 0.95, "guesses": 0.0}
    short, whole = [], []
    for seed in range(20):
        cases = planted_cases(seed, authors=authors)
        found = {each.author: each for each in author_skill(cases.take(cases.override_ids < 123))}
        assert found["guesses"].overrides == 3
        short.append(found["guesses"].weight)
        whole.append({each.author: each for each in author_skill(cases)}["guesses"].weight)
    assert np.mean(whole) < 0.2
    assert 0.4 < np.mean(short) < 0.9


def test_only_outcomes_known_at_the_date_count() -> None:
    point, panel, entries, actual = plant(6)
    cases = match_cases(fold(point, panel, entries).applied, panel, actual)
    early = match_cases(fold(point, panel, entries).applied, panel, actual.through(ORIGIN + 2))
    changed = actual.values.copy()
    changed[:, -3:] *= 7
    other = match_cases(fold(point, panel, entries).applied, panel, replace(actual, values=changed))
    assert early.months.max() == ORIGIN + 2
    for one in (cases, other):
        assert author_skill(one.known_through(ORIGIN + 2)) == author_skill(early)
    assert author_skill(other) != author_skill(cases)


def test_too_few_overrides_give_no_verdict_but_their_numbers() -> None:
    cases = planted_cases(7, each=9)
    assert {each.verdict for each in score_overrides(cases)} == {Verdict.TOO_FEW}
    assert all(each.low is None and each.rate is not None for each in score_overrides(cases))
    assert score_all(cases).verdict is not Verdict.TOO_FEW
    assert score_all(join_cases([])).verdict is Verdict.TOO_FEW


def case(before: list[float], after: list[float], actual: list[float], number: int = 1, **changed: object) -> Cases:
    count = len(before)
    values = {
        "override_ids": np.full(count, number),
        "authors": np.full(count, "Kim"),
        "reasons": np.full(count, "expansion"),
        "layers": np.full(count, "rep"),
        "months": ORIGIN + 1 + np.arange(count),
        "ahead": 1 + np.arange(count),
        "before": np.array(before),
        "after": np.array(after),
        "actual": np.array(actual),
    }
    return Cases(**values | changed)


def test_value_added_is_the_error_without_less_the_error_with() -> None:
    cases = join_cases([case([100, 100], [120, 120], [130, 90]), case([50], [40], [40], 2)])
    found = score_all(cases)
    assert cases.improvement.tolist() == [20, -20, 10]
    assert (found.overrides, found.cases, found.improvement) == (2, 3, 10)
    assert found.rate == pytest.approx(10 / 50)
    assert found.improved == 0.5
    assert found.bias == pytest.approx((120 + 120 + 40 - 260) / 260)


def test_size_and_direction_are_those_of_the_whole_override() -> None:
    cases = join_cases(
        [
            case([100, 100], [104, 100], [1, 1]),
            case([100], [81], [1], 2),
            case([0], [5], [1], 3),
            case([100, 100], [160, 90], [1, 1], 4),
        ]
    )
    assert cases.sizes.tolist() == ["under 5 %", "under 5 %", "5 to 20 %", "over 50 %", "20 to 50 %", "20 to 50 %"]
    assert cases.directions.tolist() == ["up", "up", "down", "up", "up", "up"]
    assert [each.name for each in score_overrides(cases, "direction")] == ["up", "down"]
    assert [each.name for each in score_overrides(cases, "ahead")] == ["01 months ahead", "02 months ahead"]
    with pytest.raises(UnknownValueError, match="author, reason, layer"):
        score_overrides(cases, "region")


def test_small_edits_are_counted_and_scored_apart() -> None:
    small = [case([100], [101], [100], number) for number in range(30)]
    large = [case([100], [150], [150], number) for number in range(30, 40)]
    found = small_edits(join_cases(small + large))
    assert found.share == 0.75
    assert (found.small.rate, found.rest.rate) == (None, 1.0)  # the model was right where the small edits were made
    assert (found.small.improvement, found.rest.verdict) == (-30, Verdict.ADDS)


def test_a_forecast_made_again_does_not_count_an_override_twice() -> None:
    again = case([110, 100], [120, 120], [130, 90], ahead=np.array([0, 1]))
    first = join_cases([again, case([100, 100], [120, 120], [130, 90])]).first_said()
    assert first.before.tolist() == [100, 100]
    assert first.ahead.tolist() == [1, 2]


def test_an_override_of_a_group_is_judged_by_the_groups_sum() -> None:
    panel = panel_of(np.ones((3, 12)), segment=["smb", "smb", "mid"])
    actual = panel_of(np.hstack([np.ones((3, 12)), [[0.0], [5.0], [9.0]]]))
    given = [override(Method.ADD, "3", attribute="segment", value="smb", layer=OverrideLayer.MANAGER)]
    cases = match_cases(fold(np.ones((3, HORIZON)), panel, given).applied, panel, actual)
    assert (cases.before.tolist(), cases.after.tolist(), cases.actual.tolist()) == ([2], [5], [5])
    assert (cases.layers[0], cases.reasons[0], cases.ahead[0]) == ("manager", OverrideReason.EXPANSION.value, 1)


def test_an_account_that_is_gone_came_to_nothing_and_a_missing_month_is_no_outcome() -> None:
    panel = panel_of(np.ones((3, 12)))
    actual = panel_of(np.ones((3, 13)))
    actual.cells[0, -1], actual.values[0, -1] = Cell.GONE, np.nan
    actual.cells[1, -1], actual.values[1, -1] = Cell.MISSING, np.nan
    given = [override(Method.ADD, "3", account_id=f"a{number}", override_id=number) for number in range(3)]
    cases = match_cases(fold(np.ones((3, HORIZON)), panel, given).applied, panel, actual)
    assert cases.override_ids.tolist() == [0, 2]
    assert cases.actual.tolist() == [0, 1]


def test_a_month_that_had_begun_when_the_override_was_recorded_is_hindsight() -> None:
    panel, actual = panel_of(np.ones((1, 12))), panel_of(np.ones((1, 16)))
    late = override(Method.ADD, "3", recorded_at=datetime(2026, 2, 3, tzinfo=UTC))
    cases = match_cases(fold(np.ones((1, HORIZON)), panel, [late]).applied, panel, actual)
    assert cases.months.tolist() == [ORIGIN + 3, ORIGIN + 4]


def test_an_override_of_one_series_is_judged_by_that_series() -> None:
    panel = panel_of(np.ones((2, 12)), accounts=["acme", "acme"], series=["etl", "api"])
    actual = panel_of(np.hstack([np.ones((2, 12)), [[7.0], [100.0]]]), accounts=["acme", "acme"], series=["etl", "api"])
    given = [
        override(Method.ADD, "3", account_id="acme", series="etl"),
        override(Method.ADD, "3", account_id="acme", override_id=2),
    ]
    cases = match_cases(fold(np.ones((2, HORIZON)), panel, given).applied, panel, actual)
    assert cases.actual.tolist() == [7, 107]
