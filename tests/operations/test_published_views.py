"""Published forecasts side by side: what moved, which ends a bridge can have, and parts that add up to the cent."""

from datetime import datetime
from decimal import Decimal

import pytest

from growthring.operations.forecasting.bridge import ACTUAL
from growthring.operations.forecasting.forecast import Asked, publish
from growthring.operations.forecasting.published_views import bridge_ends, explained_difference, moved_since, published_list
from growthring.operations.forecasting.views import rows_of
from growthring.operations.history.usage_review import review_usage
from growthring.operations.project import Project


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory, ringwood_to_copy) -> tuple[Project, str, str]:
    """A company that published a forecast of six months, and another three months later."""
    import shutil

    root = shutil.copytree(ringwood_to_copy, tmp_path_factory.mktemp("published") / "ringwood")
    project = Project.open(root)
    last = project.setting(project.snapshot()).last_complete_month
    ids = [
        publish(project, Asked(horizon=6, as_of=datetime.combine(month.last_day, datetime.max.time())), author="Ana")[
            "forecast_id"
        ]
        for month in (last - 3, last)
    ]
    return project, ids[0], ids[1]


def test_what_moved_is_the_difference_of_the_months_both_speak_of(twice: tuple[Project, str, str]):
    project, first, _ = twice
    then = {row["month"]: row for row in _months(project, first)}
    last = project.setting(project.snapshot()).last_complete_month
    spans = tuple((str(last + ahead), str(last + ahead), str(last + ahead), "1000.00") for ahead in range(1, 7))
    moved = moved_since(project, first, "total", "", spans)
    shared = [row for row in rows_of(moved, "moved") if row["published"] is not None]
    assert [row["at"] for row in shared] == [str(last + 1), str(last + 2), str(last + 3)]
    assert Decimal(moved.value) == sum(Decimal(1000) - Decimal(then[row["at"]]["amount"]) for row in shared)


def test_a_quarter_that_is_published_in_part_is_not_compared(twice: tuple[Project, str, str]):
    project, first, _ = twice
    last = project.setting(project.snapshot()).last_complete_month
    moved = moved_since(project, first, "total", "", (("Q", str(last + 2), str(last + 4), "1.00"),))
    assert moved.value is None and moved.caveats


def test_ends_are_the_latest_two_and_windows_lie_in_both(twice: tuple[Project, str, str]):
    project, first, second = twice
    last = project.setting(project.snapshot()).last_complete_month
    ends = bridge_ends(project, "revenue", "", "")
    assert (ends["first"], ends["second"]) == (first, second)
    months = [each for each in ends["windows"] if "Q" not in each and "FY" not in each]
    assert months[0] == str(last - 2) and months[-1] == str(last + 3)
    came = bridge_ends(project, "revenue", first, ACTUAL)
    assert came["first"] == first and came["windows"][-1] == str(last)
    assert bridge_ends(project, "usage:api_calls", "", "")["ends"] == []


def test_rounded_steps_and_accounts_add_up_and_nothing_is_left(twice: tuple[Project, str, str]):
    project, first, _ = twice
    for second in (twice[2], ACTUAL):
        found = explained_difference(project, first, second)
        start, *parts, end = rows_of(found, "step")
        assert Decimal(start["amount"]) + sum(Decimal(each["amount"]) for each in parts) == Decimal(end["amount"])
        assert Decimal(found.value) == Decimal(end["amount"]) - Decimal(start["amount"])
        assert [Decimal(row["amount"]) for row in rows_of(found, "residual")] == [0]
        for part in parts:
            accounts = rows_of(found, "account", part=part["step"])
            assert sum(Decimal(row["amount"]) for row in accounts) == Decimal(part["amount"])


def test_a_published_forecast_says_what_may_be_done_with_it_next(twice: tuple[Project, str, str]):
    rows = published_list(twice[0], "revenue")
    assert [row["forecast_id"] for row in rows] == [twice[2], twice[1]]
    assert {row["next"] for row in rows} == {"submitted"}


def test_the_review_of_usage_holds_what_its_parts_say(ringwood: Project):
    from growthring.operations.history.unusual import Asked as Unusual
    from growthring.operations.history.unusual import one_offs, run_rate

    found = review_usage(ringwood)
    assert found.value == run_rate(ringwood, Unusual()).value
    assert len(rows_of(found, "one_off")) == len(one_offs(ringwood, Unusual()).rows)
    total, *accounts = rows_of(found, "run_rate")
    assert sum(Decimal(row["run_rate"]) for row in accounts) == Decimal(total["run_rate"])


def _months(project: Project, name: str) -> list[dict]:
    from growthring.operations.forecasting.published import show_forecast

    return show_forecast(project, name).rows
