"""Forms of inputs: each says which cases it reads, and what the product answers for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.golden.cases import Case


@dataclass(frozen=True)
class Form:
    """A form of inputs.

    Attributes:
        title: What the inputs are.
        reads: Whether a case's inputs have this form.
        answer: The product's figures for the case, shaped as the case prints them.
    """

    title: str
    reads: Callable[[Case], bool]
    answer: Callable[[Case], Any]


FORMS: list[Form] = []
"""All forms, the more particular ones first."""


def form(title: str, reads: Callable[[Case], bool]) -> Callable[[Callable[[Case], Any]], Callable[[Case], Any]]:
    """Register the function below as the answer to a form of inputs."""

    def register(answer: Callable[[Case], Any]) -> Callable[[Case], Any]:
        FORMS.append(Form(title, reads, answer))
        return answer

    return register


def has(*names: str) -> Callable[[Case], bool]:
    """Match cases whose inputs hold all of these names."""
    return lambda case: all(name in case.inputs for name in names)
