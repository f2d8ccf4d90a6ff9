"""Pricing: the price books in force, and what other prices would have done."""

from collections.abc import Sequence

from growthring.console.asked import Asked, link
from growthring.console.deeds import Deed, Given
from growthring.console.pages.evidence import AnswerOf
from growthring.console.pages.pricing_books import books, carried
from growthring.console.pages.pricing_result import result, simulated
from growthring.console.pages.pricing_trial import trial_of, tries_something, whatif
from growthring.console.visit import PageKind, Section, Visit
from growthring.operations.pricing.price_drafts import check_draft, keep_draft
from growthring.operations.pricing.price_lines import book_lines
from growthring.operations.pricing.price_trial import tried_yaml
from growthring.pricing.book import PriceBook

_LINES_TOLD = 12


def sections(visit: Visit) -> Sequence[Section]:
    """Return what the page shows: what other prices would have done only where it is asked for."""
    parts = [Section("whatif", "What if prices were others?", whatif)]
    if visit.asked.get("run") and tries_something(trial_of(visit.asked)):
        parts.append(Section("result", "What they would have done", result))
    return [*parts, Section("books", "Prices in force", books)]


def told_prices(visit: Visit, book: PriceBook) -> list[tuple[str, str]]:
    """Say what a draft holds, line by line."""
    _ = visit.words
    lines = [line for line in book_lines(book) if line["from"] == book.versions[-1].effective_from.isoformat()]
    told = [
        (
            line["name"],
            " ".join(part for part in (line["currency"], line["unit_price"] or line["fee"] or "", line["when"]) if part),
        )
        for line in lines[:_LINES_TOLD]
    ]
    more = [(_("and"), _("{count} more prices", count=len(lines) - _LINES_TOLD))] if len(lines) > _LINES_TOLD else []
    where = (_("Where"), _("a draft of this project; the price books in force stay as they are"))
    return [(_("Price book"), f"{book.name} {book.title}".strip()), *told, *more, where]


def _text(visit: Visit, given: Given) -> str:
    """Return the book a form gives: written out, or chosen."""
    return (
        given["text"].replace("\r\n", "\n") + "\n"
        if given.get("text")
        else tried_yaml(visit.project, trial_of(Asked("/pricing", given)))
    )


def _told(visit: Visit, given: Given) -> Sequence[tuple[str, str]]:
    return told_prices(visit, check_draft(visit.project, _text(visit, given)))


def _keep(visit: Visit, given: Given) -> str:
    draft = keep_draft(visit.project, _text(visit, given))
    visit.leads_to = link("/pricing", draft=draft)
    return visit.words("Kept as a draft. Its address leads to it for good.")


PAGE = PageKind("pricing", "Pricing", sections)
DEEDS: tuple[Deed, ...] = (
    Deed("keep_prices", "Keep these prices as a draft", "contributor", _told, _keep),
    Deed("write_prices", "Keep this price book as a draft", "contributor", _told, _keep),
)
ANSWERS: dict[str, AnswerOf] = {"simulation": simulated, "books": carried}
