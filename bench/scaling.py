"""The main job at five sizes: time grows with the number of accounts and not faster."""

import numpy as np

from bench.panel import panel
from bench.race import RESULTS_FOLDER, judge, keep, lap, show

GROWTH = 1.35
"""Most that the time per account may grow from a hundred thousand accounts to a million."""


def main(*, quick: bool = False) -> list[str]:
    """Measure each size; return the claims that do not hold."""
    sizes = (10_000, 30_000, 100_000) if quick else (10_000, 30_000, 100_000, 300_000, 1_000_000)
    seconds: dict[int, float] = {}
    for accounts in sizes:
        rounds = 1 if quick or accounts > 500_000 else 3
        seconds[accounts] = min(lap("product", panel(accounts, RESULTS_FOLDER)).seconds for _ in range(rounds))
    slope, constant = np.polyfit(sizes, [seconds[size] for size in sizes], 1, w=[1 / seconds[size] for size in sizes])
    show(
        f"Time by size; fit: {constant:.2f} s + {slope * 1e6:.1f} s a million accounts",
        ["accounts", "seconds", "µs an account", "÷ fit"],
        [
            [f"{size:,}", f"{took:.2f}", f"{took / size * 1e6:.1f}", f"{took / (constant + slope * size):.2f}"]
            for size, took in seconds.items()
        ],
    )
    keep("scaling", {"seconds": seconds, "slope": slope, "constant": constant})
    if quick:
        return []
    growth = (seconds[1_000_000] / 1_000_000) / (seconds[100_000] / 100_000)
    return judge([("time per account, a million over a hundred thousand", growth, "<=", GROWTH)])
