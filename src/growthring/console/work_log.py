"""Long work that has ended, noted beside its Answer, so that it is found again when the server that did it has gone."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

_SUFFIX = ".work"


@dataclass(frozen=True, slots=True)
class EndedWork:
    """A computation that ended with an Answer.

    Attributes:
        title: What was computed.
        href: The page that asked.
        asked_at: When, in UTC.
        seconds: How long it took.
    """

    title: str
    href: str
    asked_at: str
    seconds: float


def note_down(place: Path, work: EndedWork) -> None:
    """Note work beside the file of its Answer, unless the work that made it is noted there."""
    if place.with_suffix(_SUFFIX).exists():
        return
    unfinished = place.with_suffix(f"{_SUFFIX}.part")
    unfinished.write_text(json.dumps(asdict(work)), encoding="utf-8")
    unfinished.replace(place.with_suffix(_SUFFIX))


def noted(folder: Path, besides: Collection[str]) -> list[EndedWork]:
    """Return the work whose Answers lie in a folder, the latest first.

    Args:
        folder: Where Answers lie.
        besides: Keys of work that is not wanted.
    """
    notes = (place.with_suffix(_SUFFIX) for place in folder.glob("*.json") if place.stem not in besides)
    found = [EndedWork(**json.loads(note.read_text(encoding="utf-8"))) for note in notes if note.exists()]
    return sorted(found, key=lambda work: work.asked_at, reverse=True)
