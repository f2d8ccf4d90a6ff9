"""Runs programs side by side, each in its own process, in turn, so that a busy machine slows all of them alike."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

RESULTS_FOLDER = Path(__file__).parent / "results"
"""Panels and measurements; not under version control."""

_ROOT = Path(__file__).parent.parent
_LEAST_MEMORY = 2 * 2**30
"""A contender is stopped when the machine has less memory left, in bytes."""


class ClaimError(AssertionError):
    """A measured ratio is worse than what is claimed."""


@dataclass(frozen=True)
class Lap:
    """One run of one contender."""

    contender: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    stages: dict[str, float]


class StarvedError(RuntimeError):
    """A contender was stopped before it took the machine's last memory; its lap ends there."""

    def __init__(self, lap: Lap) -> None:
        self.lap = lap
        super().__init__(f"{lap.contender} was stopped after {lap.seconds:.1f} s: no memory was left")


def lap(contender: str, panel: Path, results: Path | None = None) -> Lap:
    """Run a contender once; with a folder, let it write its results there.

    Raises:
        StarvedError: Less than two gigabytes of the machine's memory was left.
    """
    command = [sys.executable, "-m", f"bench.contenders.{contender}", str(panel), *([str(results)] if results else [])]
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as errors:
        process = psutil.Popen(command, cwd=_ROOT, stdout=printed, stderr=errors, text=True)
        peak_mb = 0.0
        while process.poll() is None:
            if psutil.virtual_memory().available < _LEAST_MEMORY:
                process.kill()
                process.wait()
                raise StarvedError(Lap(contender, time.perf_counter() - began, 0.0, peak_mb, {}))
            peak_mb = max(peak_mb, _resident_mb(process))
            time.sleep(0.1)
        printed.seek(0)
        errors.seek(0)
        if process.returncode:
            raise RuntimeError(f"{contender} failed:\n{errors.read()[-3000:]}")
        return Lap(contender, **json.loads(printed.read().splitlines()[-1]))


def _resident_mb(process: psutil.Popen) -> float:
    try:
        return process.memory_info().rss / 2**20
    except psutil.Error:
        return 0.0


def race(contenders: tuple[str, ...], panel: Path, rounds: int) -> list[Lap]:
    """Run all contenders in turn; in the first round they write their results, which must agree with the first one's."""
    laps: list[Lap] = []
    for number in range(rounds):
        if number:
            laps += [lap(contender, panel) for contender in contenders]
            continue
        with tempfile.TemporaryDirectory() as folder:
            for contender in contenders:
                written = Path(folder) / contender
                written.mkdir()
                laps.append(lap(contender, panel, written))
            for contender in contenders[1:]:
                _compare(Path(folder) / contenders[0], Path(folder) / contender, contender)
    return laps


def _compare(expected: Path, found: Path, contender: str) -> None:
    """Compare in a process of its own, whose memory is nobody's."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.agreement", str(expected), str(found)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ClaimError(f"{contender} disagrees: {done.stdout}{done.stderr[-2000:]}")


def median(laps: list[Lap], contender: str, what: str = "seconds") -> float:
    """Return the median of a measure of a contender."""
    return statistics.median(getattr(each, what) for each in laps if each.contender == contender)


def ratio(laps: list[Lap], contender: str, other: str, what: str = "seconds") -> float:
    """Return the median over rounds of one contender's measure over another's in the same round."""
    mine, theirs = ([getattr(each, what) for each in laps if each.contender == name] for name in (contender, other))
    return statistics.median(a / b for a, b in zip(mine, theirs, strict=True))


def show(title: str, header: list[str], rows: list[list[str]]) -> None:
    """Print a table."""
    widths = [max(len(row[place]) for row in [header, *rows]) for place in range(len(header))]
    print(f"\n{title}")
    for row in [header, ["-" * width for width in widths], *rows]:
        print(
            "  "
            + "  ".join(
                cell.ljust(width) if place == 0 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
        )


def keep(name: str, facts: dict[str, Any]) -> None:
    """Write measurements beside the panels, named by the benchmark."""
    RESULTS_FOLDER.mkdir(exist_ok=True)
    stamped = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), **facts}
    (RESULTS_FOLDER / f"{name}.json").write_text(json.dumps(stamped, indent=2) + "\n")


def judge(claims: list[tuple[str, float, str, float]]) -> list[str]:
    """Print each claim (text, measured, "<=" or ">=", bound) and return those that do not hold."""
    missed = []
    for text, measured, relation, bound in claims:
        holds = measured <= bound if relation == "<=" else measured >= bound
        print(f"  {'holds ' if holds else 'MISSED'}  {text}: {measured:.2f} {relation} {bound:g}")
        if not holds:
            missed.append(text)
    return missed
