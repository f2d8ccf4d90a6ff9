"""What starting the program costs: the help page, and one figure of a real project."""

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.race import judge, keep, show

_PROGRAM = Path(sys.executable).parent / "growthring"
_PROJECT = Path(__file__).parent / "results" / "real"
"""The real shop of examples/online_retail; made and run when it is not there yet."""

_EXAMPLE = Path(__file__).parent.parent / "examples" / "online_retail" / "growthring.toml"


def main(*, quick: bool = False) -> list[str]:
    """Measure CPU seconds of the help page and wall seconds of `show`; return the claims that do not hold."""
    rounds = 3 if quick else 9
    programs = {"help": [str(_PROGRAM), "--help"], "floor": [sys.executable, "-c", "import typer, rich"]}
    measured = {name: statistics.median(cpu_seconds(command) for _ in range(rounds)) for name, command in programs.items()}
    rows = [["growthring --help", f"{measured['help']:.3f}"], ["import typer, rich", f"{measured['floor']:.3f}"]]
    claims = [
        ("CPU seconds of the help page", measured["help"], "<=", 0.4),
        ("CPU of the help page over importing typer and rich", measured["help"] / measured["floor"], "<=", 2.0),
    ]
    _prepare()
    command = [str(_PROGRAM), "show", "ndr", "--json"]
    measured["show"] = statistics.median(wall_seconds(command, _PROJECT) for _ in range(rounds))
    rows.append(["growthring show ndr on the real shop (wall)", f"{measured['show']:.3f}"])
    claims.append(("seconds of `show` on a real project", measured["show"], "<=", 1.5))
    show("Starting", ["program", "seconds"], rows)
    keep("startup", measured)
    return judge(claims)


def _prepare() -> None:
    """Make the real project and run it once; a run that has nothing to do takes a moment."""
    _PROJECT.mkdir(parents=True, exist_ok=True)
    data = _EXAMPLE.parent.joinpath("../../../shared").resolve()
    (_PROJECT / "growthring.toml").write_text(_EXAMPLE.read_text().replace("../../../shared", str(data)))
    subprocess.run([str(_PROGRAM), "run"], check=True, capture_output=True, cwd=_PROJECT)


def cpu_seconds(command: list[str]) -> float:
    """Return user and system time of a finished command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def wall_seconds(command: list[str], folder: Path) -> float:
    """Return how long a command takes in a folder."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - began
