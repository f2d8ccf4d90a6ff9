"""A visit to a page: what is asked, by whom, in which language; and the sections that answer."""

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from growthring.console.access import User
from growthring.console.asked import Asked
from growthring.console.blocks import Block, Note, Waiting
from growthring.console.desk import Desk, StillWorkingError
from growthring.console.words import Words
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
        leads_to: Where the reader goes after a deed, when not back to where the form stood; the deed says so.
    """

    asked: Asked
    desk: Desk
    project: Project
    user: User
    words: Words
    patient: bool = False
    leads_to: str = ""
    _until: float = field(default_factory=lambda: time.monotonic() + PATIENCE)

    def ask(
        self, operation: Callable[..., Any], *args: Hashable, slow: bool = False, live: bool = False, **options: Hashable
    ) -> Any:  # noqa: ANN401 - what the operation returns
        """Return what an operation says, see `Desk.ask`; raises when it is not there in time."""
        wait = None if self.patient else max(0.0, self._until - time.monotonic())
        href = self.asked.url()
        return self.desk.ask(operation, *args, slow=slow, live=live, wait=wait, href=href, project=self.project, **options)


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


@dataclass(frozen=True, slots=True)
class PageKind:
    """A page.

    Attributes:
        name: Its name in the URL.
        title: Its name, as a message of the catalogue.
        sections: What it shows, in order; made for each visit where a function.
        heading: Makes the heading of a visit, where it is not the title.
    """

    name: str
    title: str
    sections: Sequence[Section] | Callable[[Visit], Sequence[Section]]
    heading: Callable[[Visit], str] | None = None

    def parts(self, visit: Visit) -> Sequence[Section]:
        """Return the sections of a visit."""
        return self.sections(visit) if callable(self.sections) else self.sections


def build(section: Section, visit: Visit) -> Built:
    """Make a section: its blocks, how far its work is, or what keeps it from answering."""
    blocks: list[Block] = []
    waiting = False
    try:
        blocks.extend(section.build(visit))
    except StillWorkingError as still:
        work = still.work
        waiting = True
        blocks.append(Waiting(work.stage or work.title, work.done, work.total, round(work.elapsed, 1)))
    except GrowthringError as error:
        blocks.append(Note(error.happened, " ".join(part for part in (error.valid, error.remedy) if part), "evidence"))
    return Built(section.name, visit.words(section.title) if section.title else "", blocks, waiting, section.is_half)
