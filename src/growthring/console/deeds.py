"""What people may do from a page: each deed says what it will write before it writes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from growthring.console.visit import Visit

Given = Mapping[str, str]
"""The fields of a form as they were sent."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a form does.

    Attributes:
        name: Its name in the URL.
        title: What it does, as a message of the catalogue.
        needs: The role that may do it.
        told: Checks what was given and says, line by line, what will be written; raises a GrowthringError where it cannot be.
        do: Writes it and returns what was done, in words of the reader.
    """

    name: str
    title: str
    needs: str
    told: Callable[[Visit, Given], Sequence[tuple[str, str]]]
    do: Callable[[Visit, Given], str]
