"""The backtest of a project: what was known at each origin, and nothing else."""

import pytest

from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.operations.forecasting.backtest import backtest
from growthring.operations.project import Project
from tests.operations.books import Books


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    found = Books(tmp_path_factory.mktemp("backtest") / "brook", project='data_through = "2024-06-30"')
    for index in range(Month.parse("2022-01").index, Month.parse("2024-06").index + 1):
        month = str(Month(index))
        paying = {"anna": 100, "bert": 40}
        paying |= {"cleo": 60} if month <= "2024-02" else {}
        paying |= {"dora": 25} if month >= "2024-04" else {}
        found.lines(month, [(f"{name}-{month}", name, amount) for name, amount in paying.items()])
    # a second invoice of anna's February became known in May: no origin before that saw it
    found.lines("2024-02", [("late", "anna", 900, {"known_at": "2024-05-10"})], "late")
    found.run()
    return found


def rows(answer, view: str, **labels: str) -> list[dict]:
    return [
        row for row in answer.rows if row["view"] == view and all(str(row.get(name)) == value for name, value in labels.items())
    ]


def test_every_level_horizon_and_model_is_scored(books: Books) -> None:
    answer = backtest(Project.open(books.root), origins=3, horizon=3)
    assert answer.at == "2024-01 to 2024-03"
    models = {row["model"] for row in rows(answer, "summary")}
    assert {"cohort_growth", "naive", "drift", "seasonal naive", "theta"} <= models
    levels = {row["level"] for row in rows(answer, "horizon", model="naive")}
    assert levels == {"account", "segment", "total", "total with new business"}
    assert [row["months"] for row in rows(answer, "horizon", model="naive", level="total")] == ["1", "1-3", "quarter 1"]
    assert len(rows(answer, "cost")) == len(models)
    assert {row["origin"] for row in rows(answer, "origin")} == {"2024-01", "2024-02", "2024-03"}


def test_an_account_that_left_is_scored_as_zero_and_a_new_one_is_apart(books: Books) -> None:
    answer = backtest(Project.open(books.root), origins=1, horizon=3)
    (total,) = rows(answer, "summary", model="naive", level="total")
    (with_new,) = rows(answer, "summary", model="naive", level="total with new business")
    assert float(total["actual"]) == 3 * 140
    assert float(with_new["actual"]) == 3 * 140 + 3 * 25
    answer = backtest(Project.open(books.root), origins=2, horizon=3)
    (earlier,) = rows(answer, "origin", origin="2024-02", model="naive", level="total")
    assert earlier["bias"] == pytest.approx(60 / 140)


def test_fewer_than_enough_origins_replace_no_champion_and_say_so(books: Books) -> None:
    answer = backtest(Project.open(books.root), origins=3, horizon=3)
    decided = rows(answer, "champion")
    assert {row["champion"] for row in decided} == {"cohort_growth"}
    assert all("too few" in row["because"] for row in decided)


def test_today_s_data_cut_at_the_origin_is_named_as_a_leak(books: Books) -> None:
    answer = backtest(Project.open(books.root), origins=2, horizon=3, known_now=True)
    assert any("leak" in caveat for caveat in answer.caveats)


def test_too_long_a_horizon_says_how_many_origins_there_are(books: Books) -> None:
    with pytest.raises(GrowthringError, match="were asked for"):
        backtest(Project.open(books.root), origins=12, horizon=24)


def test_an_origin_does_not_see_what_was_recorded_after_it(books: Books) -> None:
    """Naive repeats February: 100 + 40 + 60 as known then, 900 more as known now."""
    known = {
        known_now: rows(
            backtest(Project.open(books.root), origins=2, horizon=3, known_now=known_now),
            "origin",
            origin="2024-02",
            model="naive",
            level="total",
        )[0]["bias"]
        for known_now in (False, True)
    }
    assert known[False] == pytest.approx(60 / 140)
    assert known[True] == pytest.approx(960 / 140)
