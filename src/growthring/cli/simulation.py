"""Printing a simulation: revenue first, then who pays more, how the bills spread, and what the figures do not say."""

from decimal import Decimal
from typing import Any

from growthring.cli.output import print_table, say, with_commas
from growthring.operations.answer import money
from growthring.pricing.simulation.result import (
    BillShock,
    Change,
    Choice,
    CommitmentEffect,
    Margin,
    Outcome,
    ScenarioResult,
    Simulation,
)


def print_simulation(found: Simulation, *, top: int) -> None:
    """Print every scenario, then the choice of customers, then the caveats."""
    for scenario in found.scenarios:
        _print_scenario(scenario, top)
    if found.choice:
        _print_choice(found.choice)
    if found.price_floors:
        say("\nLeast price of a unit that meets the target margin")
        print_table([{"meter": meter, "price": f"{price:f}"} for meter, price in found.price_floors.items()])
    say()
    for caveat in found.caveats:
        say(f"  ! {caveat}")


def _print_scenario(scenario: ScenarioResult, top: int) -> None:
    for total in scenario.held.totals:
        before, after = (_money(amount, total.currency) for amount in (total.before, total.after))
        say(f"{scenario.name}: {after} {total.currency} instead of {before}, {_relative(total)}")
    how = "exact integers" if scenario.path == "kernel" else f"SQL, because {scenario.path_reason}"
    say(f"  rated on {how}")
    _print_outcome(scenario.held, top)
    for title, outcome in (
        ("With grandfathering", scenario.grandfathered),
        ("With usage responding to the price", scenario.responding),
    ):
        if outcome:
            say(f"\n{title}")
            print_table([_change("", each) for each in outcome.totals])
    if scenario.commitments:
        say("\nCommitments")
        print_table([_record(each) for each in scenario.commitments])
    if scenario.break_evens:
        say("\nBreak-even with the price in force")
        rows = [
            {
                "meter": each.meter,
                "currency": each.currency,
                "quantity": f"{each.quantity.normalize():f}",
                "cheaper_below": each.cheaper_below,
                "cheaper_above": each.cheaper_above,
            }
            for each in scenario.break_evens
        ]
        print_table(rows)


def _print_outcome(outcome: Outcome, top: int) -> None:
    say("\nBy month")
    print_table([_change("month", each) for each in outcome.months])
    for attribute, changes in outcome.segments.items():
        say(f"\nBy {attribute}")
        print_table([_change(attribute, each) for each in changes])
    losers = tuple(sorted((each for each in outcome.accounts if each.change > 0), key=lambda each: -each.change))
    winners = tuple(each for each in outcome.accounts if each.change < 0)
    for title, changes in ((f"{len(losers):,} accounts pay more", losers), (f"{len(winners):,} accounts pay less", winners)):
        if changes:
            say(f"\n{title}")
            print_table([_change("account", each) for each in (changes[:top] if top else changes)])
    for shock in outcome.shocks:
        _print_shock(shock)
    if outcome.margins:
        say("\nMargin")
        print_table([_record(each) for each in outcome.margins])


def _print_shock(shock: BillShock) -> None:
    say(f"\nBill shock by {shock.grain.replace('_', ' ')} ({shock.bills:,} bills)")
    bars = [{"change": _range(each.over, each.up_to), "bills": each.bills} for each in shock.histogram if each.bills]
    print_table(bars, bar="bills")
    print_table(
        [{"change_beyond": f"± {each.percent.normalize():f} %", "up": each.up, "down": each.down} for each in shock.beyond]
    )


def _print_choice(choice: Choice) -> None:
    say(f"\nIf customers choose ({'every month' if choice.per == 'period' else 'once'})")
    rows = [
        {
            "plan": each.plan, "currency": each.currency, "choosers": each.choosers, "paid": _money(each.paid, each.currency),
            "if_everyone": _money(each.if_everyone, each.currency), "lost": _money(each.lost, each.currency),
        }
        for each in choice.plans
    ]  # fmt: skip
    print_table(rows)


def _change(key: str, each: Change) -> dict[str, Any]:
    row: dict[str, Any] = {key: each.key} if key else {}
    return {
        **row,
        "currency": each.currency,
        "before": _money(each.before, each.currency),
        "after": _money(each.after, each.currency),
        "change": _money(each.change, each.currency),
        "relative": _relative(each),
    }


def _relative(each: Change) -> str:
    return "new" if each.relative is None else f"{each.relative * 100:+.1f} %"


def _range(over: int | None, up_to: int | None) -> str:
    if over is None:
        return f"up to {up_to} %"
    return f"over {over} %" if up_to is None else f"{over} to {up_to} %"


def _money(amount: Decimal, currency: str) -> str:
    return with_commas(money(amount, currency))


def _record(each: CommitmentEffect | Margin) -> dict[str, Any]:
    """Return a record as a row: money with its decimals, shares in percent."""
    row: dict[str, Any] = {}
    for name in each.__slots__:
        value = getattr(each, name)
        if isinstance(value, Decimal):
            value = f"{value * 100:.1f} %" if name.endswith("_rate") else _money(value, each.currency)
        row[name] = value
    return row
