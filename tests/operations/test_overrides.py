from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import GrowthringError
from growthring.operations.forecasting.overrides import Wanted, add_override, expire_override, list_overrides
from growthring.operations.project import Project
from tests.operations.books import USAGE, Books

WANTED = Wanted("add", Decimal(1200), "2024-03", None, "new_use_case", "second team starts", account="anna")


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    books = Books(tmp_path_factory.mktemp("overrides") / "brook", project='data_through = "2024-02-29"', more=USAGE)
    books.steady("2023-01", "2024-02", {"anna": 100, "bert": "50.50"})
    books.usage([("u1", "anna", "2024-01-10", 1500)])
    books.run()
    return books.root


@pytest.fixture
def project(read_once: Path) -> Project:
    for file in (read_once / ".growthring").glob("journal.sqlite*"):
        file.unlink()
    return Project.open(read_once)


def test_an_override_is_listed_as_it_was_said(project: Project) -> None:
    row = add_override(project, replace(WANTED, last="2024-08", confidence=0.7), author="Kim")
    listed = list_overrides(project)
    assert listed.rows == [row]
    assert (row["about"], row["change"], row["from"], row["to"], row["layer"]) == ("anna", "+1200", "2024-03", "2024-08", "rep")
    assert (row["confidence"], row["author"], listed.value) == (0.7, "Kim", 1)


def test_an_override_taken_back_is_still_listed_with_all_and_as_of_before(project: Project) -> None:
    row = add_override(project, WANTED, author="Kim")
    expire_override(project, row["id"], because="the project was stopped", author="Lee")
    assert list_overrides(project).rows == []
    (kept,) = list_overrides(project, with_expired=True).rows
    assert "the project was stopped" in kept["state"]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert list_overrides(project, as_of=yesterday, with_expired=True).rows == []


def test_an_override_past_its_last_day_does_not_count(project: Project) -> None:
    today = datetime.now(UTC)
    add_override(project, replace(WANTED, expires=today.date()), author="Kim")
    assert list_overrides(project).value == 1
    later = list_overrides(project, as_of=today + timedelta(days=2), with_expired=True)
    assert later.value == 0
    assert later.rows[0]["state"].startswith("expired after")


def test_a_project_in_which_nobody_spoke_says_how_to(project: Project) -> None:
    answer = list_overrides(project)
    assert (answer.value, answer.rows) == (0, [])
    assert "override add --help" in answer.caveats[0]
    assert not project.has_journal()


@pytest.mark.parametrize(
    ("changed", "message", "valid"),
    [
        ({"account": "zoe"}, "No row names the account 'zoe'", "Valid: anna, bert."),
        ({"method": "replace", "amount": Decimal(-5)}, "revenue cannot be -5 a month", "--add -5"),
        ({"first": "2024-13"}, "Not a month: '2024-13'", "Valid: YYYY-MM, for instance 2011-11."),
        ({"account": None}, "0 things were named", "--everything"),
        ({"everything": True}, "2 things were named", "--everything"),
        ({"account": None, "where": "segment"}, "Not a group of accounts: 'segment'", "ATTRIBUTE=VALUE"),
        ({"series": "chat"}, "Unknown product of anna: chat", "Valid:"),
        ({"method": "divide"}, "Unknown method: divide", "add, multiply, replace"),
        ({"layer": "boss"}, "Unknown layer: boss", "rep, manager, topside"),
        ({"reason": "hunch"}, "Unknown reason: hunch", "new_use_case"),
        ({"measure": "profit"}, "Unknown measure: profit", "revenue, usage:METER"),
        ({"measure": "usage:kwh"}, "Unknown meter: kwh", "calls"),
        ({"first": "2023-05", "last": "2024-02"}, "The override ends in 2024-02, and the data go to 2024-02-29", "2024-02"),
        ({"expires": date(2024, 3, 1)}, "expires on 2024-03-01, before today", "Valid: days from"),
        ({"first": "2024-09", "last": "2024-08"}, "before it starts in 2024-09", "earlier month first"),
        ({"confidence": 1.2}, "Not a confidence: 1.2", "from 0"),
        ({"note": ""}, "No reason was given", "--note TEXT"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(
    project: Project, changed: dict[str, object], message: str, valid: str
) -> None:
    with pytest.raises(GrowthringError) as refused:
        add_override(project, replace(WANTED, **changed), author="Kim")
    assert message in refused.value.happened
    assert valid in refused.value.valid + refused.value.remedy
    assert list_overrides(project, with_expired=True).rows == []
