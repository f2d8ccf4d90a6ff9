"""What a forecast costs: seconds, and the memory it took beyond what was held before."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


@dataclass
class Cost:
    """Cost of one call.

    Attributes:
        seconds: Wall-clock time.
        cpu_seconds: Time of all threads of the process.
        peak_mb: Resident memory at its peak above what was held before; None where the system does not tell.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float | None = None


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure a block; the cost is filled in when it ends.

    The kernel's own peak is reset and read: a Python-level tracer would miss native libraries and slow everything down.
    """
    cost = Cost()
    before = _reset_peak()
    began, began_cpu = time.perf_counter(), time.process_time()
    yield cost
    cost.seconds, cost.cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    if before is not None:
        cost.peak_mb = max(_resident("VmHWM") - before, 0.0)


def _reset_peak() -> float | None:
    try:
        _RESET.write_text(_RESET_PEAK)
        return _resident("VmRSS")
    except OSError:
        return None


def _resident(name: str) -> float:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
