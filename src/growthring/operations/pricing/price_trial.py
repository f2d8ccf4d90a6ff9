"""Trying other prices, by choice: a book or a draft, changed or not, for some accounts and months; one Answer with all of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.last_rates import converted, last_rates
from growthring.operations.pricing.price_changes import PriceChange, as_yaml, changed_book
from growthring.operations.pricing.price_drafts import draft_path
from growthring.operations.pricing.price_lines import book_lines
from growthring.operations.pricing.rating import rate
from growthring.operations.pricing.simulation import WhatIf, try_books
from growthring.operations.project import Project
from growthring.pricing.book import PriceBook, read_book
from growthring.pricing.simulation.result import BillShock, Change, Cohort, Outcome, ScenarioResult, Simulation
from growthring.pricing.stored_rating import Rating

_STEPS = 4
_SAME = "pays the same"
_LEAST_COUNTED = (Decimal(5), Decimal(10), Decimal(25), Decimal(50))
_ACCOUNTS = """
SELECT account_id FROM (
  SELECT account_id, arg_max(value, valid_from) AS value FROM account_attribute WHERE attribute = $1 GROUP BY 1
) WHERE value = $2 AND account_id IN (SELECT account_id FROM subscription) ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried, and on whom.

    Attributes:
        book: A book of the project; the first one when neither it nor a draft is named.
        draft: A draft, tried as it stands.
        change: What is changed about the book of the project.
        months: Number of months up to the last complete one; all of them when 0.
        only: Attribute and value of the accounts looked at; all of them when empty.
        by: Attribute to split by.
        elasticity: Relative change of use for a relative change of a bill; use stays as it was when absent.
        choice: ``period`` or ``whole``, see `WhatIf`.
    """

    book: str = ""
    draft: str = ""
    change: PriceChange = field(default_factory=PriceChange)
    months: int = 12
    only: tuple[str, str] = ("", "")
    by: str = ""
    elasticity: Decimal | None = None
    choice: str = ""


def tried_book(project: Project, trial: Trial) -> PriceBook:
    """Return the book that a trial tries.

    Raises:
        UnknownValueError: There is no such book or draft.
        GrowthringError: The project has no price books.
    """
    if trial.draft:
        return read_book(draft_path(project, trial.draft))
    books = {book.name: book for book in project.price_books[0]}
    name = trial.book or next(iter(books), "")
    if name not in books:
        raise UnknownValueError("price book", name, books, remedy="Add one to price_books/ and run `growthring run`.")
    return changed_book(books[name], trial.change)


def tried_yaml(project: Project, trial: Trial) -> str:
    """Return the book that a trial tries as YAML, to be kept as a draft or put into price_books/."""
    return as_yaml(tried_book(project, trial))


def simulate_prices(project: Project, trial: Trial, *, progress: Progress = silent) -> Answer:
    """Answer what other prices would have done: revenue in all, by month and segment, winners and losers, bill shock.

    Sums over currencies are in the reporting currency, each converted at the rate of the last day, so that prices alone make
    the difference; accounts stand in the currency they are billed in.

    Args:
        project: The project.
        trial: What is tried, and on whom.
        progress: Told about each step.

    Raises:
        GrowthringError: The book, the accounts or a choice cannot be used, or no bill falls into the months.
    """
    progress("opening rated history", 0, _STEPS)
    book, rating = tried_book(project, trial), rate(project, progress=progress)
    progress("rating history under the new prices", 1, _STEPS)
    asked = WhatIf(
        since=_since(project, trial.months), accounts=_accounts(rating, trial.only), by=(trial.by,) if trial.by else (),
        beyond=_LEAST_COUNTED, choice=trial.choice, elasticity=trial.elasticity,
    )  # fmt: skip
    found = try_books(project, rating, [book], asked)
    progress("comparing bills", 3, _STEPS)
    answer = _Told(project, rating, trial, found).answer()
    progress("comparing bills", _STEPS, _STEPS)
    return answer


def _since(project: Project, months: int) -> str | None:
    last = project.setting(project.snapshot()).last_complete_month
    return str(last - (months - 1)) if months else None


def _accounts(rating: Rating, only: tuple[str, str]) -> Sequence[str]:
    if not only[0]:
        return ()
    found = [row[0] for row in rating.connection.execute(_ACCOUNTS, list(only)).fetchall()]
    if not found:
        raise ConfigurationError(f"No account with {only[0]} = {only[1]} is billed.", remedy="Choose other accounts.")
    return found


class _Told:
    """A simulation as the rows of an Answer."""

    def __init__(self, project: Project, rating: Rating, trial: Trial, found: Simulation) -> None:
        self.project, self.rating, self.trial, self.found = project, rating, trial, found
        self.result: ScenarioResult = found.scenarios[0]
        self.currency = project.settings.project.currency
        self.rates = last_rates(project, rating.connection)

    def answer(self) -> Answer:
        held = self.result.held
        if not held.totals:
            raise GrowthringError("No bill falls into these months.", remedy="Choose more months or other accounts.")
        first, last = held.months[0].key, held.months[-1].key
        total = self.total(held.totals)
        return Answer(
            metric="simulation",
            value=total["change"],
            unit=self.currency,
            at=first if first == last else f"{first} to {last}",
            definition=f"What bills would have been under {self.result.name}, less what the price books in force asked for.",
            policy={"name": "price books", "version": ", ".join(sorted(book.name for book in self.rating.terms.books))},
            snapshot=self.project.snapshot().snapshot_id,
            rows=list(self.rows(held, total)),
            caveats=list(self.caveats(held)),
        )

    def rows(self, held: Outcome, total: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"kind": "total", "of": "all", **total, "accounts": len(held.accounts) - self.idle(held)}
        for each in held.totals:
            yield {"kind": "total", "of": "billed", **_change(each)}
        if self.result.responding:
            yield {"kind": "total", "of": "responding", **self.total(self.result.responding.totals)}
        yield from self.grouped("month", "month", held.months)
        for attribute, changes in held.segments.items():
            yield from self.grouped("segment", attribute, changes, name="segment")
        for shock in held.shocks:
            yield from self.shock(shock)
        yield from self.cohorts(held)
        yield from self.further()
        yield from self.accounts(held)

    def total(self, changes: Sequence[Change | Cohort]) -> dict[str, Any]:
        before = converted(((each.currency, each.before) for each in changes), self.rates)
        return self.pair(before, converted(((each.currency, each.after) for each in changes), self.rates))

    def pair(self, before: Decimal, after: Decimal) -> dict[str, Any]:
        told = {name: money(amount, self.currency) for name, amount in (("before", before), ("after", after))}
        change = Decimal(told["after"]) - Decimal(told["before"])
        return {"currency": self.currency, **told, "change": str(change), "relative": float(change / before) if before else None}

    def grouped(self, kind: str, key: str, changes: Iterable[Change], *, name: str = "") -> Iterator[dict[str, Any]]:
        groups: dict[str, list[Change]] = defaultdict(list)
        for each in changes:
            groups[each.key].append(each)
        for value, members in groups.items():
            yield {"kind": kind, name or key: value, **self.total(members)}

    def shock(self, shock: BillShock) -> Iterator[dict[str, Any]]:
        for bucket in shock.histogram:
            yield {"kind": f"shock_{shock.grain}", "over": bucket.over, "up_to": bucket.up_to, "bills": bucket.bills}
        for each in shock.beyond:
            yield {
                "kind": f"beyond_{shock.grain}", "percent": f"{each.percent.normalize():f}", "up": each.up, "down": each.down,
                "at_risk": money(converted(each.paid_by_up.items(), self.rates), self.currency), "currency": self.currency,
            }  # fmt: skip

    def cohorts(self, held: Outcome) -> Iterator[dict[str, Any]]:
        names = dict.fromkeys(each.name for each in held.cohorts)
        for name in names:
            mine = [each for each in held.cohorts if each.name == name]
            accounts = sum(each.accounts for each in mine) - (self.idle(held) if name == _SAME else 0)
            if accounts:
                yield {"kind": "cohort", "cohort": name, "accounts": accounts, **self.total(mine)}

    def idle(self, held: Outcome) -> int:
        """Return how many accounts owe nothing either way."""
        return sum(not each.before and not each.after for each in held.accounts)

    def further(self) -> Iterator[dict[str, Any]]:
        for crossing in self.result.break_evens:
            yield {
                "kind": "break_even", "meter": crossing.meter, "currency": crossing.currency,
                "quantity": f"{crossing.quantity.normalize():f}", "cheaper_below": crossing.cheaper_below,
                "cheaper_above": crossing.cheaper_above,
            }  # fmt: skip
        for plan in self.found.choice.plans if self.found.choice else ():
            paid, everyone, lost = (money(each, plan.currency) for each in (plan.paid, plan.if_everyone, plan.lost))
            yield {
                "kind": "choice", "plan": plan.plan, "currency": plan.currency, "choosers": plan.choosers, "paid": paid,
                "if_everyone": everyone, "lost": lost,
            }  # fmt: skip
        for effect in self.result.commitments:
            before, after, change = (money(each, effect.currency) for each in (effect.before, effect.after, effect.change))
            if Decimal(change):
                yield {"kind": "commitment", "effect": effect.effect, "currency": effect.currency, "before": before,
                       "after": after, "change": change}  # fmt: skip

    def accounts(self, held: Outcome) -> Iterator[dict[str, Any]]:
        names = dict(
            self.rating.connection.execute("SELECT account_id, arg_max(name, valid_from) FROM account GROUP BY 1").fetchall()
        )
        weighed = sorted(held.accounts, key=lambda each: -abs(each.change * self.rates.get(each.currency, Decimal(0))))
        for each in weighed:
            direction = "up" if each.change > 0 else "down" if each.change < 0 else "same"
            yield {"kind": "account", "account": each.key, "customer": names.get(each.key) or each.key, "direction": direction,
                   **_change(each)}  # fmt: skip

    def caveats(self, held: Outcome) -> Iterator[str]:
        yield from (each for each in self.found.caveats if not each.startswith("Currencies are not converted"))
        billed = {each.currency for each in held.totals}
        if billed - {self.currency}:
            yield f"Sums in {self.currency} convert every currency at the rate of the last day of the data."
        if unknown := sorted(billed - self.rates.keys()):
            yield f"No exchange rate from {', '.join(unknown)} to {self.currency}: left out of sums."
        versions = [book for book in self.rating.terms.books if len(book.versions) > 1]
        if versions and not self.trial.draft:
            yield "The last version of the book is taken to have held all the time, also in months that were under earlier ones."


def _change(each: Change) -> dict[str, Any]:
    before, after, change = (money(amount, each.currency) for amount in (each.before, each.after, each.change))
    relative = None if each.relative is None else float(each.relative)
    return {"currency": each.currency, "before": before, "after": after, "change": change, "relative": relative}


def trial_attributes(project: Project) -> dict[str, list[str]]:
    """Return the attributes of accounts with few enough values to choose from, and their values."""
    rows = rate(project).connection.execute(
        "SELECT attribute, list(DISTINCT value ORDER BY value) FROM account_attribute WHERE value <> '' "
        "GROUP BY 1 HAVING COUNT(DISTINCT value) <= 40 ORDER BY 1"
    )
    return dict(rows.fetchall())


def changed_lines(project: Project, trial: Trial) -> list[dict[str, Any]]:
    """Return the prices that a trial tries, one line a tier, each beside the price in force where the book has the same tier."""
    book = tried_book(project, trial)
    name = trial.book or book.name
    force = next((each for each in project.price_books[0] if each.name == name), None)
    before = {_place(line): line for line in _last_lines(force)} if force else {}
    return [
        {**line, **{f"{name}_now": before.get(_place(line), {}).get(name) for name in ("unit_price", "fee", "included")}}
        for line in _last_lines(book)
    ]


def _last_lines(book: PriceBook) -> list[dict[str, Any]]:
    lines = [each for each in book_lines(book) if each["from"] == book.versions[-1].effective_from.isoformat()]
    seen: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        seen[line["component"], line["currency"]] += 1
        line["tier"] = seen[line["component"], line["currency"]]
    return lines


def _place(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(line[name] for name in ("component", "currency", "model", "tier"))
