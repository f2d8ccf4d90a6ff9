"""Drafts: price books that are tried and belong to nobody yet, kept under the digest of what they say."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from growthring.engine.store import write_atomically
from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.kernel.ids import digest
from growthring.operations.project import Project
from growthring.pricing.book import PriceBook, disputed, read_book, unmet_meters

_ID = re.compile(r"[0-9a-f]{32}")
_LONGEST = 200_000
_DEEPEST = 40
_PRIVATE = 0o700


def keep_draft(project: Project, text: str) -> str:
    """Keep a price book as a draft and return its id: the digest of its text, so that the same text is the same draft.

    Args:
        project: The project.
        text: The book as YAML.

    Raises:
        ConfigurationError: It is no price book, or prices a meter that the project does not have.
    """
    check_draft(project, text)
    draft = digest([text])[:32]
    write_atomically(_folder(project) / f"{draft}.yaml", text)
    return draft


def check_draft(project: Project, text: str) -> PriceBook:
    """Return the book that a text holds, as far as it can be tried on the project's history.

    Raises:
        ConfigurationError: It is no price book, or prices a meter that the project does not have.
    """
    if len(text) > _LONGEST:
        raise ConfigurationError(f"The price book has {len(text):,} characters.", valid=f"Valid: up to {_LONGEST:,}.")
    book = _book_of(text, _folder(project) / f"{digest([text.encode('utf-8', 'replace').decode()])[:32]}.checked.yaml")
    _, shared = project.price_books
    known = [*shared, *(meter for each in project.price_books[0] for meter in each.meters)]
    if wrong := [*unmet_meters([book], known), *(f"{each} is metered otherwise" for each in disputed([*known, *book.meters]))]:
        raise ConfigurationError(
            f"The book cannot be tried: {'; '.join(wrong)}.", valid=f"Meters: {', '.join(meter.id for meter in known)}."
        )
    return book


def draft_path(project: Project, draft: str) -> Path:
    """Return the file of a draft; what is no id leads nowhere.

    Raises:
        UnknownValueError: There is no such draft.
    """
    path = _folder(project) / f"{draft}.yaml"
    if not _ID.fullmatch(draft) or not path.is_file():
        raise UnknownValueError("draft", draft[:40], [each["draft"] for each in list_drafts(project)])
    return path


def draft_text(project: Project, draft: str) -> str:
    """Return the YAML of a draft."""
    return draft_path(project, draft).read_text(encoding="utf-8")


def list_drafts(project: Project) -> list[dict[str, Any]]:
    """Return the drafts, the latest first."""
    found = sorted(_folder(project).glob("*.yaml"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [_listed(path) for path in found if _ID.fullmatch(path.stem)]


def _listed(path: Path) -> dict[str, Any]:
    kept = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    try:
        book = read_book(path)
    except GrowthringError as error:
        return {"draft": path.stem, "book": "", "title": "", "kept_at": f"{kept:%Y-%m-%d %H:%M}", "wrong": error.happened}
    return {"draft": path.stem, "book": book.name, "title": book.title, "kept_at": f"{kept:%Y-%m-%d %H:%M}", "wrong": ""}


def _folder(project: Project) -> Path:
    folder = project.state / "console" / "drafts"
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    return folder


def _book_of(text: str, place: Path) -> PriceBook:
    try:
        _refuse_traps(text)
        write_atomically(place, text)
        return read_book(place)
    except ConfigurationError as error:
        raise ConfigurationError(_without(error.happened, place), valid=error.valid, remedy=error.remedy) from None
    except (TypeError, ValueError) as error:  # keys that are lists, half characters
        raise ConfigurationError("The price book cannot be read.", valid="Valid: a YAML file as in price_books/.") from error
    finally:
        place.unlink(missing_ok=True)


def _refuse_traps(text: str) -> None:
    """Refuse anchors, of which a few lines can stand for millions, and nesting that no book has."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise ConfigurationError("The price book uses YAML aliases.", valid="Valid: a book written out in full.")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise ConfigurationError("The price book is nested too deeply.", valid="Valid: a YAML file as in price_books/.")
    except yaml.YAMLError as error:
        raise ConfigurationError(f"This is no YAML: {error}.", remedy="Correct it at that place.") from error


def _without(told: str, place: Path) -> str:
    return told.replace(str(place), "The price book")
