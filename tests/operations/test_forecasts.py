import json
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from growthring.cli.main import app
from growthring.journal.forecast_entries import ForecastState
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.operations.forecasting.approval import move_forecast
from growthring.operations.forecasting.published import find_forecast, list_forecasts, show_forecast
from growthring.operations.forecasting.track_record import score_forecasts
from growthring.operations.project import Project
from tests.operations.books import Books
from tests.operations.published import publish

LINES = [("anna", "plan", "2024-02", "statistical", 100), ("anna", "plan", "2024-02", "rep", "-5.5"),
         ("bert", "plan", "2024-03", "statistical", "20.25")]  # fmt: skip
RANGES = [("2024-02", "94.5", 90, 110, 80, 120)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Books(tmp_path / "brook").open()


def take(project: Project, name: str, *steps: str, author: str = "Kim", **options) -> dict:
    row = {}
    for step in steps:
        who = "Lee" if step == "approved" and author == "Kim" else author
        row = move_forecast(project, name, ForecastState(step), because="checked", author=who, **options)
    return row


def test_a_forecast_is_listed_and_shown_with_layers_ranges_and_who_agreed(project: Project):
    published = publish(project, "2024-01", LINES, RANGES, override_ids=(3,))
    take(project, "latest", "submitted", "approved", "locked")
    (listed,) = list_forecasts(project)
    assert (listed["origin"], listed["state"], listed["author"]) == ("2024-01", "locked", "Kim")
    answer = show_forecast(project, listed["forecast"])
    assert answer.value == "114.75"
    assert answer.rows[0] == {
        "month": "2024-02", "amount": "94.50", "statistical": "100.00", "rep": "-5.50", "low80": "90.00", "high80": "110.00",
        "low95": "80.00", "high95": "120.00",
    }  # fmt: skip
    assert [row["amount"] for row in answer.rows] == ["94.50", "20.25", "0.00"]
    assert "approved by Lee" in "\n".join(answer.caveats)
    assert find_forecast(project, published.record.forecast_id).stored.totals() == published.stored.totals()


def test_the_same_forecast_published_twice_is_one_entry(project: Project):
    publish(project, "2024-01", LINES)
    publish(project, "2024-01", LINES[::-1], author="Lee")
    assert [row["author"] for row in list_forecasts(project)] == ["Kim"]


def test_a_forecast_moves_one_step_forward_at_a_time_and_never_back(project: Project):
    publish(project, "2024-01", LINES)
    for wrong in ("approved", "locked", "open"):
        with pytest.raises(GrowthringError, match=f"is open; it cannot become {wrong}"):
            take(project, "latest", wrong)
    take(project, "latest", "submitted", "approved", "locked")
    for wrong in ForecastState:
        with pytest.raises(GrowthringError, match="is locked; it cannot become") as stopped:
            take(project, "latest", str(wrong))
        assert "supersedes" in stopped.value.remedy


def test_every_step_is_kept_with_author_time_and_reason(project: Project):
    publish(project, "2024-01", LINES)
    with pytest.raises(GrowthringError, match="No reason"):
        move_forecast(project, "latest", ForecastState.SUBMITTED, because=" ", author="Kim")
    take(project, "latest", "submitted", "approved")
    changes = find_forecast(project, "latest").record.changes
    assert [(each.state, each.author, each.because) for each in changes] == [
        ("submitted", "Kim", "checked"), ("approved", "Lee", "checked"),
    ]  # fmt: skip
    assert changes[0].changed_at <= changes[1].changed_at


def test_nobody_approves_what_they_submitted_unless_they_say_that_they_are_alone(project: Project):
    publish(project, "2024-01", LINES)
    take(project, "latest", "submitted", author="Ann")
    with pytest.raises(GrowthringError, match="Ann submitted forecast"):
        take(project, "latest", "approved", author="Ann")
    assert find_forecast(project, "latest").record.state == "submitted"
    take(project, "latest", "approved", author="Ann", alone=True)
    assert "approved by the one who submitted it" in "\n".join(show_forecast(project, "latest").caveats)


def test_a_locked_forecast_is_superseded_by_a_new_one_and_stays_as_it_was(project: Project):
    first = publish(project, "2024-01", LINES)
    other_month = publish(project, "2023-12", LINES)
    for each in (first, other_month):
        take(project, each.record.forecast_id, "submitted", "approved", "locked")
    second = publish(project, "2024-01", LINES[:1])
    take(project, "latest", "submitted", "approved")
    with pytest.raises(GrowthringError, match="is locked for revenue from 2024-01 already"):
        take(project, "latest", "locked")
    take(project, "latest", "locked", again=True)
    by = {row["forecast_id"]: row["superseded_by"] for row in list_forecasts(project)}
    short = second.record.forecast_id[:12]
    assert by == {first.record.forecast_id: short, other_month.record.forecast_id: "", second.record.forecast_id: ""}
    kept = find_forecast(project, first.record.forecast_id)
    assert sum(kept.stored.totals().values()) == Decimal("114.75")
    assert f"Superseded by {short}." in show_forecast(project, first.record.forecast_id).caveats


def test_an_unknown_forecast_is_named_with_those_there_are(project: Project):
    with pytest.raises(UnknownValueError, match="none yet"):
        find_forecast(project, "latest")
    publish(project, "2024-01", LINES)
    for wrong in ("", "zz", "latest~1"):
        with pytest.raises(UnknownValueError, match="Valid: latest, "):
            find_forecast(project, wrong)


def test_a_forecast_goes_through_approval_from_the_command_line(project: Project):
    def said(*arguments: str, code: int = 0):
        result = CliRunner().invoke(app, ["forecasts", *arguments, "--json", "-C", str(project.root)])
        assert (result.exit_code == 0) == (code == 0), result.output
        return json.loads(result.stdout) if code == 0 else result.exception

    publish(project, "2024-01", LINES, RANGES)
    assert said("list")[0]["state"] == "open"
    assert said("submit", "latest", "--because", "x", "--author", "Kim")["state"] == "submitted"
    assert isinstance(said("approve", "latest", "--because", "x", "--author", "Kim", code=1), GrowthringError)
    assert said("approve", "latest", "--because", "x", "--author", "Kim", "--alone")["state"] == "approved"
    assert said("lock", "latest", "--because", "x")["state"] == "locked"
    assert said("show", "latest")["rows"][0]["high80"] == "110.00"
    printed = CliRunner().invoke(app, ["forecasts", "list", "-C", str(project.root)])
    assert "locked" in printed.output


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path / "came", project='data_through = "2024-04-30"')
    books.steady("2023-10", "2024-04", {"anna": 100, "bert": 50})
    books.run()
    return books


AHEAD = ("2024-02", "2024-03", "2024-04")


def test_the_model_and_the_people_are_scored_on_what_came(books: Books):
    project = books.open()
    lines = [(name, "", month, "statistical", amount) for month in AHEAD for name, amount in (("anna", 90), ("bert", 50))]
    publish(project, "2024-01", [*lines, ("anna", "", "2024-03", "rep", 8)], [("2024-03", 148, 140, 149, 130, 155)])
    answer = score_forecasts(project)
    assert [row["months_ahead"] for row in answer.rows] == [1, 2, 3]
    assert answer.value == pytest.approx(22 / 450)
    second = answer.rows[1]
    assert (second["model_wape"], second["published_wape"]) == (pytest.approx(10 / 150), pytest.approx(2 / 150))
    assert (second["touched"], second["touched_model_wape"], second["touched_people_wape"]) == (1, 0.1, 0.02)
    assert (second["total_inside_80"], second["total_inside_95"]) == (0.0, 1.0)
    assert answer.rows[0]["touched_people_wape"] is None
    assert "1 of 1 forecasts were published after months" in answer.caveats[0]
    assert [row["segment"] for row in score_forecasts(project, by="segment").rows] == ["all"]
    (by_origin,) = score_forecasts(project, by="origin").rows
    assert (by_origin["origin"], by_origin["forecasts"], by_origin["totals"]) == ("2024-01", 1, 3)
    assert by_origin["published_bias"] == pytest.approx(-22 / 450)


def test_of_the_forecasts_from_one_month_the_one_agreed_furthest_is_scored(books: Books):
    project = books.open()
    agreed = publish(project, "2024-01", [("anna", "", "2024-02", "statistical", 80)])
    take(project, "latest", "submitted")
    publish(project, "2024-01", [("anna", "", "2024-02", "statistical", 70)])
    assert score_forecasts(project).value == pytest.approx(0.2)
    for step in ("approved", "locked"):
        take(project, agreed.record.forecast_id, step)
    better = publish(project, "2024-01", [("anna", "", "2024-02", "statistical", 90)])
    assert score_forecasts(project).value == pytest.approx(0.2)
    take(project, better.record.forecast_id, "submitted", "approved", "locked", again=True)
    assert score_forecasts(project).value == pytest.approx(0.1)


def test_without_a_forecast_or_a_month_that_came_there_is_no_score(books: Books):
    with pytest.raises(GrowthringError, match="No forecast of revenue is published yet"):
        score_forecasts(books.open())
    publish(books.open(), "2024-04", [("anna", "", "2024-05", "statistical", 80)])
    with pytest.raises(GrowthringError, match="No month of a forecast of revenue has come yet"):
        score_forecasts(books.open())
    with pytest.raises(UnknownValueError, match="way to split"):
        score_forecasts(books.open(), by="weather")


def test_scores_are_printed_as_shares(books: Books):
    publish(books.open(), "2024-01", [("anna", "", "2024-02", "statistical", 80)])
    printed = CliRunner().invoke(app, ["forecasts", "score", "-C", str(books.root)])
    assert printed.exit_code == 0, printed.output
    assert "20.0 %" in printed.output


@pytest.mark.parametrize("command", ["list", "show", "submit", "approve", "lock", "score"])
def test_every_command_about_forecasts_has_help_with_an_example(command: str):
    result = CliRunner().invoke(app, ["forecasts", command, "--help"])
    assert result.exit_code == 0
    assert f"Example: growthring forecasts {command}" in result.output
