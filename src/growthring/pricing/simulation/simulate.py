"""Price simulation: any price, tried on all of history."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Final

import duckdb

from growthring.kernel.errors import ConfigurationError
from growthring.pricing.book import PriceBook
from growthring.pricing.rating.tables import BEGINNING, END
from growthring.pricing.simulation.break_even import BreakEven, break_even
from growthring.pricing.simulation.choice import Per, choose
from growthring.pricing.simulation.grandfathering import Grandfathering, grandfathered
from growthring.pricing.simulation.kernel import Whole
from growthring.pricing.simulation.outcome import Costs, outcome, summed
from growthring.pricing.simulation.rerating import Cells, History
from growthring.pricing.simulation.result import Outcome, ScenarioResult, Simulation
from growthring.pricing.simulation.scenario import Scenario, as_scenarios

BASELINE: Final = "baseline"
_UNIT_PRICE = Decimal("0.00000001")


def simulate(
    connection: duckdb.DuckDBPyConnection,
    baseline_books: Sequence[PriceBook],
    scenarios: Sequence[PriceBook | Scenario],
    *,
    first_on: date = BEGINNING,
    until_on: date = END,
    accounts: Sequence[str] | None = None,
    segment_by: Sequence[str] = (),
    beyond: Sequence[Decimal] = (Decimal(10), Decimal(25), Decimal(50)),
    choice: Per | None = None,
    elasticity: Decimal | None = None,
    grandfathering: Grandfathering | None = None,
    unit_costs: Mapping[str, Decimal] | None = None,
    target_margin: Decimal | None = None,
    baseline_table: str = "bill",
) -> Simulation:
    """Rate history under other prices and say what that does to revenue and to every customer (PR-02, PR-08, PR-28).

    Args:
        connection: Holds ``subscription``, ``billing_period``, ``metered``, the baseline; for segments ``account_attribute``, for
            prices of single events ``metered_event``, for commitments ``commitment``, ``account``, ``contract``, rated lines and
            the tables of the books in force. It is left as it was.
        baseline_books: The books in force.
        scenarios: Books to try, each for everyone, or several books together.
        first_on: Periods that begin earlier are left out.
        until_on: Periods that begin on this day or later are left out.
        accounts: Accounts to look at; all of them if absent.
        segment_by: Attributes of accounts to split by.
        beyond: Shares in percent; bills that change by more are counted, those that rise by more than the least are at risk.
        choice: Let customers choose among the baseline and the scenarios, every month or once.
        elasticity: Relative change of quantities for a relative change of an account's bill, such as -0.3.
        grandfathering: Who keeps the old price.
        unit_costs: What serving a unit costs, by meter, in the currency billed.
        target_margin: Margin to be met as a share of revenue; needs unit costs.
        baseline_table: What was paid: bills, or any table with account_id, period_start, currency and amount, such as the
            contract revenue of a booking model that is left behind.

    Raises:
        ConfigurationError: Two scenarios share a name, one is called baseline, a book has no price in a billed currency, or an
            account is not billed.
    """
    _check(target_margin, unit_costs)
    _check_accounts(connection, accounts or ())
    tried = as_scenarios(scenarios, baseline_books)
    history = History(connection, tried, first_on, until_on, accounts, baseline_table)
    with closing(history):
        for each in tried:
            _check_scenario(history, each)
        cells = history.cells
        segments = {name: history.segments(name) for name in segment_by}
        costs = Costs(history.costs(unit_costs), target_margin) if unit_costs else None
        results, plans = [], {BASELINE: cells.baseline}

        def read(amounts: Whole, spent: Costs | None) -> Outcome:
            return outcome(cells, amounts, segments, beyond, spent)

        for scenario in tried:
            rerated = history.rate(scenario)
            plans[scenario.name] = rerated.amounts
            kept = read(grandfathered(cells, rerated.amounts, grandfathering), costs) if grandfathering else None
            responding = None
            if elasticity is not None:
                responded = history.responding(response(cells, rerated.amounts, elasticity))
                spent = Costs(responded.costs(unit_costs), target_margin) if unit_costs else None
                responding = read(responded.rate(scenario).amounts, spent)
            found = tuple(_break_evens(history, baseline_books, scenario))
            held, effects = read(rerated.amounts, costs), history.commitment_effects(scenario)
            results.append(ScenarioResult(scenario.name, rerated.path, rerated.reason, held, kept, responding, found, effects))
        chosen = choose(cells, plans, choice) if choice else None
        floors = price_floors(unit_costs or {}, target_margin) if target_margin is not None else {}
        caveats = tuple(_caveats(history, tried, elasticity))
    return Simulation(first_on, until_on, tuple(results), chosen, floors, caveats)


def response(cells: Cells, amounts: Whole, elasticity: Decimal) -> dict[str, Decimal]:
    """Return by account what its quantities are multiplied with: 1 + elasticity × relative change of its bill, not below 0.

    Accounts that paid nothing, or are billed in several currencies, keep their usage.
    """
    sums = summed(cells, amounts, cells.accounts)
    keys = sums.keys.tolist()
    currencies = Counter(keys)
    found = {}
    for key, before, after in zip(keys, sums.before.tolist(), sums.after.tolist(), strict=True):
        if before > 0 and currencies[key] == 1:
            factor = max(1 + elasticity * Decimal(after - before) / before, Decimal(0))
            found[cells.account_names[key]] = factor.quantize(_UNIT_PRICE, ROUND_HALF_UP)
    return found


def price_floors(unit_costs: Mapping[str, Decimal], target_margin: Decimal) -> dict[str, Decimal]:
    """Return by meter the least unit price that leaves the target margin, rounded up (PR-28): cost ÷ (1 − margin)."""
    return {meter: (cost / (1 - target_margin)).quantize(_UNIT_PRICE, ROUND_CEILING) for meter, cost in unit_costs.items()}


def _check(target_margin: Decimal | None, unit_costs: Mapping[str, Decimal] | None) -> None:
    if target_margin is not None and (not unit_costs or not 0 <= target_margin < 1):
        raise ConfigurationError(
            f"A target margin of {target_margin} cannot be judged.",
            valid="Valid: a share of revenue from 0 to below 1, with unit costs.",
            remedy="Give unit_costs by meter.",
        )


def _check_accounts(connection: duckdb.DuckDBPyConnection, accounts: Sequence[str]) -> None:
    billed = (
        {row[0] for row in connection.execute("SELECT DISTINCT account_id FROM subscription").fetchall()} if accounts else set()
    )
    if unknown := sorted(set(accounts) - billed):
        raise ConfigurationError(
            f"Not billed under any price book: {', '.join(unknown)}.",
            valid="Valid: account_id of a subscription.",
            remedy="Leave these accounts out.",
        )


def _check_scenario(history: History, scenario: Scenario) -> None:
    if scenario.name == BASELINE:
        raise ConfigurationError("A scenario is called baseline, which is what was paid.", remedy="Rename the book.")
    if missing := history.currencies_without_price(scenario):
        raise ConfigurationError(
            f"{scenario.name} has no price in {', '.join(missing)}, in which customers are billed.",
            remedy="Add `prices` in it, or simulate only the accounts billed in the book's currency.",
        )


def _break_evens(history: History, baseline_books: Sequence[PriceBook], scenario: Scenario) -> Iterator[BreakEven]:
    books = {book.name: book for book in scenario.books}
    for before in baseline_books:
        after = books.get(before.name, scenario.books[0])
        named = after.model_copy(update={"name": scenario.name if scenario.name != before.name else f"{after.name} (new)"})
        meters = sorted({each.meter for each in before.versions[-1].components if each.meter})
        for meter in meters:
            for currency in history.cells.currency_names:
                yield from break_even(before, named, meter, currency) or ()


def _caveats(history: History, scenarios: Sequence[Scenario], elasticity: Decimal | None) -> Iterator[str]:
    if elasticity is None:
        yield "Behaviour is held fixed: nobody uses more, less or leaves because of the price."
    else:
        yield (
            "Figures without response hold behaviour fixed. Those with response let quantities change by "
            f"{elasticity} × the relative change of the account's whole bill; who leaves is not modelled, and single "
            "events stay as they were."
        )
    yield "Amounts are what price books ask for, before commitments, credits and taxes; effects on commitments stand apart."
    for scenario in scenarios:
        if unpriced := history.unpriced(scenario):
            yield f"{scenario.name} has no price for {', '.join(unpriced)}, which customers used; it costs nothing there."
    if absent := history.accounts_without_subscription():
        yield f"{absent} accounts that paid have no subscription to usage; what they paid is left out."
    if len(history.cells.currency_names) > 1:
        yield "Currencies are not converted; totals are given for each."
