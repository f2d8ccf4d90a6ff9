"""How long work tells how far it is, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Receives progress; the command line draws it, tests ignore it."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that ``done`` of ``total`` parts of a stage are finished."""


def silent(stage: str, done: int, total: int) -> None:
    """Ignore progress."""
