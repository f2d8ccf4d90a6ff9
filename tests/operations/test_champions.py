"""Winners of a contest forecast their segments, and the forecast says so."""

from pathlib import Path

import numpy as np
import pytest

from growthring.forecast.growth import CohortGrowth
from growthring.forecast.panel import Cell, Panel
from growthring.kernel.errors import GrowthringError
from growthring.operations.answer import Answer
from growthring.operations.forecasting.champions import adopt_champions, champions, with_champions
from growthring.operations.project import Project, ProjectSettings, Settings


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, Settings(project=ProjectSettings(name="Brook")))


def contest(**winners: str) -> Answer:
    rows = [{"view": "champion", "segment": name, "champion": model, "because": "better"} for name, model in winners.items()]
    return Answer("backtest", None, "ratio", "", "", {}, "", rows=rows)


def panel() -> Panel:
    chance = np.random.default_rng(3)
    values = np.exp(5 + np.cumsum(chance.normal(0.03, 0.1, (40, 30)), axis=1))
    segments = np.repeat(["large", "small"], 20)
    cells = np.full(values.shape, Cell.PRESENT, dtype=np.uint8)
    return Panel(np.arange(40).astype(str), np.full(40, ""), 24_000, values, cells, "", {"segment": segments})


def test_only_changes_are_kept_and_the_newest_decision_counts(project: Project) -> None:
    first = adopt_champions(project, contest(small="naive", large="cohort_growth"), measure="revenue", by="segment", author="Kim")
    assert [(each["segment"], each["model"]) for each in first] == [("small", "naive")]
    assert adopt_champions(project, contest(small="naive"), measure="revenue", by="segment", author="Kim") == []
    adopt_champions(project, contest(small="cohort_growth"), measure="revenue", by="segment", author="Kim")
    assert champions(project, measure="revenue", by="segment") == {"small": "cohort_growth"}
    assert champions(project, measure="usage:calls", by="segment") == {}


def test_a_segment_is_forecast_by_its_champion_and_the_others_stay() -> None:
    model = CohortGrowth().predict(panel(), 3)
    caveats: list[str] = []
    found = with_champions(model, {"small": "naive"}, "segment", caveats)
    small = model.panel.attributes["segment"] == "small"
    assert np.allclose(found.point[small], model.panel.values[small, -1:])
    assert np.array_equal(found.point[~small], model.point[~small])
    assert "small: forecast by naive" in caveats[0]


def test_a_peer_that_needs_an_extra_cannot_be_adopted(project: Project) -> None:
    with pytest.raises(GrowthringError, match="AutoETS won small"):
        adopt_champions(project, contest(small="AutoETS"), measure="revenue", by="segment", author="Kim")
