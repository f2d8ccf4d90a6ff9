"""A visit to a page: what is asked, by whom, in which language; and the sections that answer."""

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from growthring.console.access import User
from growthring.console.asked import Asked
from growthring.console.blocks import Block, Facts, Figures, Note, Statements, Waiting
from growthring.console.desk import Desk, StillWorkingError, Work
from growthring.console.words import Words
from growthring.console.work_words import called
from growthring.kernel.errors import GrowthringError
from growthring.operations.project import Project

PATIENCE = 0.2
"""Seconds that a page waits for Answers before it shows how far they are."""


@dataclass
class Visit:
    """One request for a page.

    Attributes:
        asked: The state of the page.
        desk: Where Answers are computed.
        project: The project as its files stand now.
        user: Who asks.
        words: The language.
        patient: Whether to wait until everything is computed, as for JSON and files.
        patience: Seconds that it waits for Answers otherwise.
        leads_to: Where the reader goes after a deed, when not back to where the form stood; the deed says so.
    """

    asked: Asked
    desk: Desk
    project: Project
    user: User
    words: Words
    patient: bool = False
    patience: float = PATIENCE
    leads_to: str = ""
    _since: float = field(default_factory=time.monotonic)

    def left(self) -> float | None:
        """Return for how many seconds this visit still waits; nothing where it waits for as long as it takes."""
        return None if self.patient else max(0.0, self._since + self.patience - time.monotonic())

    def ask(
        self, operation: Callable[..., Any], *args: Hashable, slow: bool = False, live: bool = False, **options: Hashable
    ) -> Any:  # noqa: ANN401 - what the operation returns
        """Return what an operation says, see `Desk.ask`; raises when it is not there in time."""
        href = self.asked.url()
        return self.desk.ask(operation, *args, slow=slow, live=live, wait=self.left(), href=href, project=self.project, **options)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page that answers one question.

    Attributes:
        name: Names it in fragments and links.
        title: The question it answers, as a message of the catalogue; empty for a part without a heading.
        build: Makes its blocks.
        is_half: Whether it may stand beside the next one where there is room.
    """

    name: str
    title: str
    build: Callable[[Visit], Iterable[Block]]
    is_half: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """A section that was made.

    Attributes:
        name: Its name.
        title: Its heading in the reader's language.
        blocks: What it shows.
        is_waiting: Whether it is not finished.
        is_half: Whether it may stand beside the next one where there is room.
    """

    name: str
    title: str
    blocks: Sequence[Block]
    is_waiting: bool = False
    is_half: bool = False


def _unread(visit: Visit) -> Iterable[Block]:
    _ = visit.words
    yield Note(
        _("Nothing has been read yet."), _("Read the sources: the Data page says which, and starts it."), href="/data#runs"
    )


_UNREAD = Section("unread", "", _unread)


@dataclass(frozen=True, slots=True)
class PageKind:
    """A page.

    Attributes:
        name: Its name in the URL.
        title: Its name, as a message of the catalogue.
        sections: What it shows, in order; made for each visit where a function.
        heading: Makes the heading of a visit, where it is not the title.
        needs_data: Whether it has nothing to show before anything was read.
    """

    name: str
    title: str
    sections: Sequence[Section] | Callable[[Visit], Sequence[Section]]
    heading: Callable[[Visit], str] | None = None
    needs_data: bool = True

    def parts(self, visit: Visit) -> Sequence[Section]:
        """Return the sections of a visit; before anything was read, one that says where to begin."""
        if self.needs_data and visit.project.shelf.current() is None:
            return (_UNREAD,)
        return self.sections(visit) if callable(self.sections) else self.sections


def how_far(work: Work) -> Waiting:
    """Return how far work is."""
    return Waiting(work.stage or called(work.title), work.done, work.total, round(work.elapsed, 1))


def refusal(error: GrowthringError) -> Note:
    """Return what keeps a page from answering, and what can be done."""
    return Note(error.happened, " ".join(part for part in (error.valid, error.remedy) if part), "evidence")


def build(section: Section, visit: Visit) -> Built:
    """Make a section: its blocks, how far its work is, or what keeps it from answering."""
    blocks: list[Block] = []
    waiting = False
    try:
        blocks.extend(section.build(visit))
    except StillWorkingError as still:
        waiting = True
        blocks.append(how_far(still.work))
    except GrowthringError as error:
        blocks.append(refusal(error))
    told = [in_language(block, visit.words) for block in blocks]
    return Built(section.name, visit.words(section.title) if section.title else "", told, waiting, section.is_half)


def in_language(block: Block, words: Words) -> Block:
    """Return a block in which sentences of operations are in the language; cells of tables are said as they are shown."""
    heard = words.heard
    match block:
        case Note():
            return replace(block, text=heard(block.text), remedy=heard(block.remedy))
        case Statements():
            said = [replace(each, text=heard(each.text), detail=heard(each.detail)) for each in block.statements]
            return replace(block, statements=said)
        case Figures():
            return replace(block, figures=[replace(each, note=heard(each.note)) for each in block.figures])
        case Facts():
            facts = [(name, heard(str(value)) if shape == "long" else value, shape) for name, value, shape in block.facts]
            return replace(block, facts=facts)
    return block
