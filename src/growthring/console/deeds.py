"""What people may do from a page: each deed says what it will write before it writes it."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from growthring.console.visit import Visit
from growthring.operations.answer import Answer

Given = Mapping[str, str]
"""The fields of a form as they were sent."""

Told = Sequence[tuple[str, str]]
"""What will be written, line by line."""


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
    told: Callable[[Visit, Given], Told]
    do: Callable[[Visit, Given], str]


@dataclass(frozen=True, slots=True)
class LongDeed:
    """Something a form does that takes seconds: it goes on in the process of slow work, and its page shows how far it is.

    Attributes:
        name: Its name in the URL.
        title: What it does, as a message of the catalogue.
        needs: The role that may do it.
        told: As of a `Deed`.
        operation: Writes it; a function of a module that takes the project, named arguments and ``progress``.
        asks: The named arguments of the operation.
        said: What was done, from the operation's Answer, in words of the reader.
    """

    name: str
    title: str
    needs: str
    told: Callable[[Visit, Given], Told]
    operation: Callable[..., Answer]
    asks: Callable[[Visit, Given], Mapping[str, Hashable]]
    said: Callable[[Visit, Answer], str]


AnyDeed = Deed | LongDeed
