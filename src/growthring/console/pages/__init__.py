"""The pages: each module says what its page shows, which Answers it rests on and what can be done from it."""

from collections.abc import Mapping

from growthring.console.deeds import AnyDeed
from growthring.console.pages import account, data, definitions, evidence, forecast, home, metrics, pricing, revenue
from growthring.console.pages.evidence import AnswerOf
from growthring.console.visit import PageKind

_MODULES = (home, revenue, account, pricing, forecast, data, definitions)

ANSWERS: Mapping[str, AnswerOf] = {
    **metrics.ANSWERS,
    **{name: answer for module in _MODULES for name, answer in module.ANSWERS.items()},
}
"""Answers that figures open, by name."""

PAGES: Mapping[str, PageKind] = {page.name: page for page in (*(module.PAGE for module in _MODULES), evidence.page_of(ANSWERS))}
"""Pages by name."""

DEEDS: Mapping[str, AnyDeed] = {deed.name: deed for module in _MODULES for deed in module.DEEDS}
"""What can be done, by name."""

__all__ = ["ANSWERS", "DEEDS", "PAGES"]
