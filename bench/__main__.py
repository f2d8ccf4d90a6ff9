"""Run every benchmark: ``python -m bench [--quick] [NAME]... [--millions N]``."""

import sys

from bench import console, events, forecast, ledger, rating, scaling, simulation, startup

_ALL = {
    "startup": startup.main,
    "ledger": ledger.main,
    "scaling": scaling.main,
    "events": events.main,
    "rating": rating.main,
    "simulation": simulation.main,
    "forecast": forecast.main,
    "console": console.main,
}


def main(arguments: list[str]) -> int:
    """Run the benchmarks named, or all of them; the exit code is the number of claims that do not hold."""
    quick = "--quick" in arguments
    chosen = [name for name in arguments if name in _ALL] or list(_ALL)
    sizes = {"events": {"millions": int(arguments[arguments.index("--millions") + 1])}} if "--millions" in arguments else {}
    missed = [claim for name in chosen for claim in _ALL[name](quick=quick, **sizes.get(name, {}))]
    if missed:
        print(f"\n{len(missed)} claims do not hold: {'; '.join(missed)}")
    return len(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
