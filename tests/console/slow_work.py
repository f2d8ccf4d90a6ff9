"""Operations that the tests of the desk let it compute."""

import os
import time
from pathlib import Path

from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.project import Project

TRACES = "GROWTHRING_TEST_TRACES"


def traced(project: Project, name: str, *, progress: Progress = silent) -> Answer:
    """Leave a trace of each computation, tell progress, and answer with the process that did it."""
    progress("counting", 1, 2)
    trace = Path(os.environ[TRACES]) / name
    trace.write_text(trace.read_text() + "x" if trace.exists() else "x")
    return Answer(name, os.getpid(), "count", "2024-01", "A trace.", {"name": "p", "version": "1"}, "s")


def refusing(project: Project, *, progress: Progress = silent) -> Answer:
    """Refuse as an operation does, with an error that is made of several parts."""
    raise UnknownValueError("thing", "x", ("y", "z"), remedy="Take y.")


def dying(project: Project, name: str, *, progress: Progress = silent) -> Answer:
    """Die the first time as a process does that is killed, and answer the second time."""
    trace = Path(os.environ[TRACES]) / name
    if not trace.exists():
        trace.touch()
        os._exit(9)
    return traced(project, name, progress=progress)


def quick(project: Project, name: str) -> str:
    """Answer quickly, leaving a trace."""
    trace = Path(os.environ[TRACES]) / name
    trace.write_text(trace.read_text() + "x" if trace.exists() else "x")
    return name


def failing(project: Project) -> str:
    """Fail as an operation does that has too little to go on."""
    raise GrowthringError("Too little.")


def held(project: Project, name: str, *, progress: Progress = silent) -> Answer:
    """Work until somebody lets it go, and leave a trace."""
    progress("counting", 1, 2)
    while not (Path(os.environ[TRACES]) / f"{name} may go").exists():
        time.sleep(0.02)
    return traced(project, name, progress=progress)


def won(
    project: Project, *, origins: int, horizon: int, measure: str, by: str, known_now: bool, progress: Progress = silent
) -> Answer:
    """Answer a backtest in which a simple method won one segment by more than chance."""
    contest = {
        "view": "champion", "segment": "SMB", "champion": "naive", "because": "better at 11 of 12 origins", "challenger": "naive",
        "challenger_wape": 0.1, "champion_wape": 0.2, "better_origins": 11, "origins": 12, "chance": 0.003,
    }  # fmt: skip
    stays = contest | {"segment": "enterprise", "champion": "cohort_growth", "better_origins": 2}
    return Answer("backtest", 0.2, "ratio", "2023", "A contest.", {"name": "p", "version": "1"}, "s", rows=[contest, stays])
