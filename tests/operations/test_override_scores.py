"""Ana knew which customers would grow, Bob said the opposite; their overrides were published in two forecasts."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from growthring.forecast.snapshots import INTERVAL_SCHEMA, LINE_SCHEMA, ForecastFacts
from growthring.journal.forecast_entries import OverrideLayer, OverrideMethod, OverrideReason
from growthring.journal.journal import Journal
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.operations.forecasting.override_folding import fold_overrides, standing_overrides
from growthring.operations.forecasting.override_scores import author_weights, override_scores
from growthring.operations.forecasting.published import publish_forecast
from growthring.operations.history.opening import open_history
from growthring.operations.project import Project
from tests.operations.books import Books

ORIGIN = Month.parse("2023-08")
SPOKEN = datetime(2023, 8, 20, tzinfo=UTC)
EACH = 12


def customers(factor: float) -> dict[str, str]:
    """Half of the customers of each author change by a factor, the other half by its inverse."""
    return {
        f"{author}{number:02}": f"{100 * (factor if number % 2 else 1 / factor):.2f}" for author in "ab" for number in range(EACH)
    }


def speak(project: Project) -> tuple[int, ...]:
    found = []
    with Journal.open(project.state / "journal.sqlite", lambda: SPOKEN) as journal:
        for author, knows in (("a", True), ("b", False)):
            for number in range(EACH):
                up = (number % 2 == 1) is knows
                entry = journal.add_override(
                    OverrideLayer.REP, OverrideMethod.ADD, Decimal(20 if up else -20), measure="revenue",
                    first_month=ORIGIN.index + 1, last_month=None, reason_code=OverrideReason.EXPANSION, note="they said so",
                    confidence=1, author={"a": "Ana", "b": "Bob"}[author], account_id=f"{author}{number:02}",
                )  # fmt: skip
                found.append(entry.override_id)
    return tuple(found)


def publish(project: Project, origin: Month, spoken: tuple[int, ...]) -> None:
    """A forecast of 100 a month for everybody, with the overrides folded in, as of the end of its origin."""
    rows = []
    for number, account in enumerate(customers(1)):
        up = (number % 2 == 1) is (number < EACH)
        for month in range(origin.index + 1, origin.index + 7):
            row = {"account_id": account, "series": "", "segment": "all", "month": month}
            rows.append(row | {"layer": "statistical", "amount": Decimal(100)})
            if spoken:
                rows.append(row | {"layer": "rep", "amount": Decimal(20 if up else -20)})
    facts = ForecastFacts(
        as_of=origin.last_day, origin=origin.index, horizon=6, measure="revenue", unit="USD per month", model="flat",
        model_version="1", policy="standard", policy_version="1", snapshot_id="s", layers=("statistical", "rep"),
        override_ids=spoken,
    )  # fmt: skip
    publish_forecast(project, pa.Table.from_pylist(rows, LINE_SCHEMA), INTERVAL_SCHEMA.empty_table(), facts, author="Kim")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    books = Books(tmp_path_factory.mktemp("scores") / "brook", project='data_through = "2024-02-29"')
    books.steady("2023-01", "2023-08", customers(1))
    books.steady("2023-09", "2024-02", customers(1.25))
    books.run()
    opened = Project.open(books.root)
    spoken = speak(opened)
    publish(opened, ORIGIN, spoken)
    publish(opened, ORIGIN + 1, spoken)
    return opened


def test_who_was_right_is_told_from_who_was_wrong(project: Project) -> None:
    answer = override_scores(project)
    ana, bob = sorted(answer.rows, key=lambda row: row["author"])
    assert (ana["author"], ana["overrides"], ana["months"], ana["verdict"]) == ("Ana", 12, 72, "adds value")
    assert (bob["author"], bob["improved"], bob["verdict"]) == ("Bob", 0, "takes value away")
    # six customers go to 125 and were said to reach 120, six go to 80 and were said to: 20 a month better for each
    assert ana["improvement"] == f"{20 * EACH * 6:.2f}"
    assert ana["rate"] == round(20 / ((25 + 20) / 2), 3)
    assert ana["weight"] > 0.9
    assert bob["weight"] == 0
    assert (answer.at, answer.unit) == ("2024-02", "ratio")


def test_reasons_directions_and_sizes_are_scored_too(project: Project) -> None:
    assert [row["reason"] for row in override_scores(project, by="reason").rows] == ["expansion"]
    assert {row["direction"] for row in override_scores(project, by="direction").rows} == {"up", "down"}
    (size,) = override_scores(project, by="size").rows
    assert (size["size"], size["overrides"]) == ("20 to 50 %", 24)
    assert "0% of overrides changed the forecast by less than 5 %" in override_scores(project).caveats[-1]
    with pytest.raises(UnknownValueError, match="author, reason, layer, size, direction, ahead"):
        override_scores(project, by="moon")


def test_scores_as_of_an_earlier_day_see_nothing_later(project: Project) -> None:
    with Journal.open(project.state / "journal.sqlite", lambda: datetime(2023, 9, 1, tzinfo=UTC)) as journal:
        (first, *_) = journal.forecasts()
        journal.record_forecast(
            "c0ffee", first.artifact, measure="revenue", as_of=first.as_of, origin=first.origin, horizon=6, snapshot_id="s",
            facts={}, author="Kim",
        )  # fmt: skip
    answer = override_scores(project, as_of=datetime(2023, 9, 2))
    assert answer.rows == []
    assert "None of the 1 published forecasts had an override." in answer.caveats


def test_later_overrides_are_weighed_by_the_record_of_their_author(project: Project) -> None:
    with project.journal() as journal:
        entries = journal.overrides()
    weights, skill = author_weights(project, entries)
    assert {each.author: each.weight > 0.5 for each in skill} == {"Ana": True, "Bob": False}
    assert weights[entries[0].override_id] > 0.9
    assert weights[entries[-1].override_id] == 0
    before, _ = author_weights(project, entries, as_of=datetime(2023, 8, 31))
    assert set(before.values()) == {1.0}  # nothing had happened yet: everybody is taken at their word


def test_a_forecast_takes_what_stands_in_the_journal_and_says_what_met_nothing(project: Project) -> None:
    entries = standing_overrides(project, as_of=datetime(2023, 9, 1))
    assert len(entries) == 2 * EACH
    assert standing_overrides(project, as_of=datetime(2023, 8, 19)) == []
    history = open_history(project, through=ORIGIN).panel
    panel = history.take(history.accounts != "b11")
    point = np.full((panel.rows, 6), 100.0)
    plain = fold_overrides(project, point, panel, entries)
    assert plain.override_ids == tuple(each.override_id for each in entries[:-1])
    assert plain.caveats == ("Override 24 (b11): the forecast has no account b11.",)
    assert sorted(np.unique(plain.folded.final).tolist()) == [80, 120]
    weighed = fold_overrides(project, point, panel, entries, by_skill=True)
    by_account = dict(zip(panel.accounts.tolist(), weighed.folded.final[:, 0].tolist(), strict=True))
    assert by_account["a01"] > 118
    assert by_account["b01"] == 100  # Bob was always wrong: what he says next does not count
    assert "Ana" in weighed.caveats[-1]


def test_a_project_without_published_forecasts_says_so(tmp_path: pytest.TempPathFactory) -> None:
    books = Books(tmp_path / "brook", project='data_through = "2023-02-28"')
    books.steady("2023-01", "2023-02", {"anna": 1})
    books.run()
    answer = override_scores(Project.open(books.root))
    assert answer.value is None
    assert "No forecast was published yet" in answer.caveats[0]
