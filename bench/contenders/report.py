"""What every contender hands over: four results as Parquet files, seconds of each stage, and its peak memory."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

RESULTS = ("ledger", "monthly", "retention", "cohort")
"""ledger: account × product × month × movement; monthly: month × movement; retention: NDR and GRR sums by month;
cohort: first month × month with active customers and revenue."""


class Stages:
    """A stopwatch with named stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of a block to a stage."""
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


def run(job: Callable[[Path, Stages], Callable[[Path], None]]) -> None:
    """Do a job on the panel named by the first argument; write its results when a second argument names a folder.

    Reading the panel and computing the results is timed, writing them for comparison is not.
    """
    stages = Stages()
    cpu = time.process_time()
    began = time.perf_counter()
    save = job(Path(sys.argv[1]), stages)
    report = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": peak_mb(),
        "stages": stages.seconds,
    }
    if len(sys.argv) > 2:
        save(Path(sys.argv[2]))
    print(json.dumps(report))


def peak_mb() -> float:
    """Return the largest resident set this process has had so far, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
