"""The log of runs: a run that never said how it ended is told by what can be known of its process and its machine."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from growthring.kernel.errors import GrowthringError
from growthring.operations.data import runs
from growthring.operations.data.run_progress import RunProgress, host_of, new_run_id
from growthring.operations.data.runs import list_runs, require_no_run, start_run
from growthring.operations.project import Project
from tests.operations.books import Books

ELSEWHERE = "4711@build-3-0f9c5e2a77b1"


@pytest.fixture
def shared(tmp_path: Path) -> Project:
    """A project whose journal several machines write to."""
    return Books(tmp_path / "brook", project=f'journal = "sqlite:///{tmp_path}/shared.sqlite"').open()


def started(project: Project, run_id: str) -> RunProgress:
    """Start a run and leave it at its third of twelve parts."""
    with project.journal() as journal:
        journal.start_run(run_id)
    progress = RunProgress(project, run_id, lambda *_: None)
    progress("rating", 3, 12)
    return progress


def test_a_run_here_goes_on_while_its_process_does_and_is_killed_with_it(shared: Project):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True)
    mine = new_run_id()
    started(shared, mine)
    started(shared, f"{gone.stdout.strip()}@{host_of(mine)}-0f9c5e2a77b1")
    killed, going = list_runs(shared)
    assert (going["status"], going["stage"], going["done"], going["total"]) == ("running", "rating", 3, 12)
    assert (killed["status"], killed["message"]) == ("killed", "It never said how it ended.")


def test_a_run_of_another_machine_goes_on_until_nothing_was_heard_of_it_for_long(shared: Project):
    started(shared, ELSEWHERE)
    (run,) = list_runs(shared)
    assert (run["status"], run["stage"]) == ("running", "rating")
    heard = time.time() - 3 * 3600
    os.utime(shared.state / "runs" / f"{ELSEWHERE}.json", (heard, heard))
    (run,) = list_runs(shared)
    since = time.strftime("%Y-%m-%d %H:%M", time.gmtime(heard))
    assert (run["status"], run["message"]) == ("silent", f"Silent since {since} UTC, on build-3.")
    require_no_run(shared)


def test_a_run_whose_progress_lies_on_another_machine_is_silent_since_it_began(shared: Project, monkeypatch: pytest.MonkeyPatch):
    with shared.journal() as journal:
        record = journal.start_run(ELSEWHERE)
    assert list_runs(shared)[0]["status"] == "running"
    monkeypatch.setattr(runs, "_SILENT_AFTER", timedelta(0))
    assert f"Silent since {record.started_at:%Y-%m-%d %H:%M}" in list_runs(shared)[0]["message"]


def test_a_run_here_leaves_the_progress_of_other_machines_alone(shared: Project):
    started(shared, ELSEWHERE)
    started(shared, new_run_id()).close()
    assert [place.stem for place in (shared.state / "runs").glob("*.json")] == [ELSEWHERE]


def until(project: Project, status: str) -> dict[str, object]:
    """Return the latest run once it stands as it should."""
    latest = time.monotonic() + 60
    while (run := list_runs(project)[0])["status"] != status:
        assert time.monotonic() < latest, run
        time.sleep(0.05)
    return run


def test_a_run_is_in_the_list_from_the_moment_it_is_started_and_no_other_starts_beside_it(tmp_path: Path):
    books = Books(tmp_path / "brook")
    books.steady("2024-01", "2024-02", {"anna": 100})
    project = books.open()
    start_run(project)
    assert [(run["status"], run["stage"]) for run in list_runs(project)] == [("running", "starting")]
    with pytest.raises(GrowthringError, match="A run is going on"):
        start_run(project)
    done = until(project, "done")
    assert done["snapshot"] and len(list_runs(project)) == 1


def test_a_run_that_ended_before_it_began_says_its_last_words(tmp_path: Path):
    project = Books(tmp_path / "brook").open()
    (project.root / "growthring.toml").write_text("[project\n")
    start_run(project)
    failed = until(project, "failed")
    assert "It ended before it began: growthring: " in str(failed["message"]) and "growthring.toml" in str(failed["message"])
