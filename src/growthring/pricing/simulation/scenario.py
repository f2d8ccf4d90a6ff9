"""Scenarios: the price books that are tried on history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from growthring.kernel.errors import ConfigurationError
from growthring.pricing.book import PriceBook, Version
from growthring.pricing.rating.tables import BEGINNING


@dataclass(frozen=True, slots=True)
class Scenario:
    """Price books that are tried together.

    Attributes:
        name: What results are called.
        books: Subscriptions whose book is among them (by name) stay on it; everyone else moves to the first.
    """

    name: str
    books: tuple[PriceBook, ...]


def latest(book: PriceBook) -> PriceBook:
    """Return a book as if its last version had always held: what a price change would have meant for all of history."""
    return book.model_copy(update={"versions": (_from_day(book, -1, BEGINNING),)})


def as_scenarios(given: Iterable[PriceBook | Scenario], baseline: Sequence[PriceBook]) -> tuple[Scenario, ...]:
    """Return scenarios whose books reach as far back as they have to.

    A book that replaces one of the baseline's holds from the day that one does; any other holds from the beginning.

    Raises:
        ConfigurationError: Two scenarios share a name.
    """
    begins = {book.name: book.versions[0].effective_from for book in baseline}
    found = tuple(
        Scenario(each.name, tuple(_reaching_back(book, begins.get(book.name, BEGINNING)) for book in each.books))
        for each in (Scenario(one.name, (one,)) if isinstance(one, PriceBook) else one for one in given)
    )
    names = [each.name for each in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(
            f"Two scenarios are called {', '.join(twice)}.", remedy="Give each scenario, or the book it is made of, its own name."
        )
    return found


def _reaching_back(book: PriceBook, first: date) -> PriceBook:
    begin = min(first, book.versions[0].effective_from)
    return book.model_copy(update={"versions": (_from_day(book, 0, begin), *book.versions[1:])})


def _from_day(book: PriceBook, place: int, day: date) -> Version:
    return book.versions[place].model_copy(update={"effective_from": day})
