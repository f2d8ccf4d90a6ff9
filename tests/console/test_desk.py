"""The desk computes each Answer once for each state of the project, wherever and however often it is asked for."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from growthring.console.desk import Desk, StillWorkingError
from growthring.kernel.errors import GrowthringError
from growthring.operations.history.decisions import tag_account
from tests.console.slow_work import TRACES, dying, failing, quick, refusing, traced
from tests.operations.books import Books


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setenv(TRACES, str(tmp_path))
    made = Books(tmp_path / "brook")
    made.steady("2024-01", "2024-02", {"anna": 100})
    made.run()
    return made


@pytest.fixture
def desk(books: Books) -> Iterator[Desk]:
    opened = Desk(books.root)
    yield opened
    opened.close()


def computed(books: Books, name: str) -> int:
    trace = books.root.parent / name
    return len(trace.read_text()) if trace.exists() else 0


def test_a_quick_answer_is_computed_once(desk: Desk, books: Books):
    assert [desk.ask(quick, "a") for _ in range(3)] == ["a"] * 3
    assert computed(books, "a") == 1


def test_a_run_under_way_changes_nothing_but_a_decision_does(desk: Desk, books: Books):
    desk.ask(quick, "a")
    with books.open().journal() as journal:
        journal.start_run("r1")
    desk.ask(quick, "a")
    assert computed(books, "a") == 1
    tag_account(books.open(), "anna", "one_off", "2024-01", None, because="a fair", author="Kim")
    desk.ask(quick, "a")
    assert computed(books, "a") == 2


def test_another_snapshot_another_setting_and_another_policy_are_other_states(desk: Desk, books: Books):
    tokens = [books.open().state_token()]
    books.steady("2024-03", "2024-03", {"anna": 120})
    tokens.append(books.open().state_token())
    books.run()
    tokens.append(books.open().state_token())
    books.policy("own", 'extends = "standard"')
    tokens.append(books.open().state_token())
    books.settings(project='data_through = "2024-03-31"')
    tokens.append(books.open().state_token())
    assert tokens[0] == tokens[1] and len(set(tokens[1:])) == 4


def test_what_was_not_asked_for_longest_is_forgotten_when_there_is_no_room(
    desk: Desk, books: Books, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("growthring.console.desk._KEPT", 2)
    for name in ("a", "b", "a", "c", "a", "b"):
        desk.ask(quick, name)
    assert (computed(books, "a"), computed(books, "b"), computed(books, "c")) == (1, 2, 1)


def test_slow_work_runs_elsewhere_tells_how_far_it_is_and_is_found_again_by_another_server(desk: Desk, books: Books):
    with pytest.raises(StillWorkingError) as still:
        desk.ask(traced, "b", slow=True, wait=0.0, href="/forecast")
    answer = desk.ask(traced, "b", slow=True)
    assert answer.metric == "b" and answer.value != os.getpid()
    [work] = desk.works()
    assert (work.stage, work.done, work.total, work.href) == ("counting", 1, 2, "/forecast")
    assert work is still.value.work
    other = Desk(books.root)
    [ended] = other.ended_works(books.open())
    assert (ended.title, ended.href, ended.asked_at) == ("traced", "/forecast", work.asked_at)
    assert other.ask(traced, "b", slow=True) == answer
    assert other.ended_works(books.open()) == []
    assert computed(books, "b") == 1
    other.close()


def test_what_an_operation_refuses_is_told_in_all_its_parts(desk: Desk):
    with pytest.raises(GrowthringError) as refused:
        desk.ask(refusing, slow=True)
    assert (refused.value.happened, refused.value.valid, refused.value.remedy) == ("Unknown thing: x.", "Valid: y, z.", "Take y.")
    with pytest.raises(GrowthringError, match="Too little"):
        desk.ask(failing)


def test_work_whose_process_died_is_tried_again_by_the_next_who_asks(desk: Desk):
    with pytest.raises(GrowthringError, match="dying ended with 9"):
        desk.ask(dying, "c", slow=True)
    until = time.monotonic() + 5
    while desk.works() and time.monotonic() < until:
        time.sleep(0.01)
    assert desk.ask(dying, "c", slow=True).metric == "c"
