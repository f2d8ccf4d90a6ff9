"""The words of the interface: one catalogue a language, numbers and months as its readers write them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_timedelta
from babel.messages import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from growthring.console.heard import Hearing

LANGUAGES = {"en": "English", "zh": "简体中文"}
_LOCALES = {"en": "en", "zh": "zh_Hans_CN"}
_NOTHING = "–"
_UNIT = re.compile(r"(?P<currency>[A-Z]{3}) per (?P<span>month|year)")
_CATALOGUES = Path(__file__).parent / "locale"
_OWN = ("pages/", "templates/")
_WORDS_OF_A_NAME = 2
"""Text of a cell with fewer words is a name or a code of the data, and stays as it is."""


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the messages of a language, by the English message."""
    return {
        str(message.id): str(message.string)
        for message in _catalogue(language)
        if message.id and message.string and not message.fuzzy
    }


@cache
def hearing(language: str) -> Hearing:
    """Return what knows the sentences of operations in a language: those whose place is none of the console's own."""
    known = catalogue(language)
    said = [
        str(message.id)
        for message in _catalogue(language)
        if any("/" in place and not place.startswith(_OWN) for place, _ in message.locations)
    ]
    return Hearing(known, [message for message in said if message in known])


@cache
def _catalogue(language: str) -> Catalog:
    path = _CATALOGUES / f"{language}.po"
    if not path.exists():
        return Catalog()
    with path.open("rb") as stream:
        return read_po(stream, locale=_LOCALES[language])


@dataclass(frozen=True, slots=True)
class Words:
    """Speaks one language.

    Attributes:
        language: ``en`` or ``zh``.
    """

    language: str = "en"

    def __call__(self, message: str, **values: object) -> str:
        """Return a message in the language, with values in its places.

        Example:
            >>> Words("en")("{count} customers", count=3)
            '3 customers'
        """
        found = catalogue(self.language).get(message, message)
        if found is message and (unit := _UNIT.fullmatch(message)):  # of an Answer: a unit is made of its currency
            return self("{currency} per month" if unit["span"] == "month" else "{currency} per year", currency=unit["currency"])
        return found.format(**values) if values else found

    def heard(self, text: str) -> str:
        """Return what operations said, in the language; what is not known stays English.

        Example:
            >>> Words("zh").heard("2011-12 is partial: the data end on 2011-12-09.")
            '2011-12 不完整：数据止于 2011-12-09。'
        """
        return text if self.language == "en" else _heard(self.language, text)

    @property
    def tag(self) -> str:
        """Language tag of HTML."""
        return "zh-Hans" if self.language == "zh" else "en"

    @property
    def locale(self) -> Locale:
        """How numbers are written."""
        return Locale.parse(_LOCALES[self.language])

    def value(self, value: Any, shape: str = "text") -> str:  # noqa: ANN401 - any cell of an Answer
        """Write a value as people read it; exact text keeps all its digits.

        Example:
            >>> Words("en").value("1234.50", "amount"), Words("en").value(0.934, "share"), Words("en").value(None, "share")
            ('1,234.50', '93.4%', '–')
        """
        if value is None or value == "":
            return _NOTHING
        if isinstance(value, bool):
            return self("yes") if value else self("no")
        if shape == "instant":
            return f"{value} · {self.ago(str(value))}"
        if shape in ("text", "name", "month", "code", "long"):
            return self._text(str(value), shape)
        try:
            exact = Decimal(str(value))
        except InvalidOperation:
            return self(str(value))
        return self._number(exact, shape, is_rough=isinstance(value, float)) if exact.is_finite() else _NOTHING

    def _text(self, text: str, shape: str) -> str:
        """Write text of a cell: names and codes as they are, what operations say in it in the language."""
        is_said = shape in ("text", "long", "month") and text.count(" ") >= _WORDS_OF_A_NAME
        return self.heard(text) if is_said else text

    def ago(self, instant: str) -> str:
        """Write how long ago an instant in UTC was."""
        moment = datetime.fromisoformat(instant).replace(tzinfo=UTC)
        return format_timedelta(moment - datetime.now(UTC), add_direction=True, locale=self.locale)

    def _number(self, exact: Decimal, shape: str, *, is_rough: bool) -> str:
        if shape == "share":
            return format_percent(exact, "#,##0.0%", locale=self.locale)
        if shape == "points":
            return format_decimal(exact * 100, "+#,##0.0;-#,##0.0", locale=self.locale)
        places = min(max(0, -int(exact.as_tuple().exponent)), 8)
        pattern = "#,##0.###" if is_rough else "#,##0" + ("." + "0" * places if places else "")
        return format_decimal(exact, pattern, locale=self.locale, decimal_quantization=is_rough)

    def brief(self, value: Any) -> str:  # noqa: ANN401 - any figure
        """Write an amount shortly, as in a sentence: 1.2 M, 549 K; in Chinese by 万 and 亿.

        Example:
            >>> Words("en").brief("549472.28"), Words("zh").brief("549472.28"), Words("en").brief("-12.50")
            ('549.5 K', '54.9万', '-12.50')
        """
        exact = Decimal(str(value))
        steps = ((Decimal(10) ** 8, "亿"), (Decimal(10) ** 4, "万")) if self.language == "zh" else (
            (Decimal(10) ** 9, " B"), (Decimal(10) ** 6, " M"), (Decimal(10) ** 3, " K"))  # fmt: skip
        for size, name in steps:
            if abs(exact) >= size:
                return format_decimal(exact / size, "#,##0.#", locale=self.locale) + name
        return self.value(value, "amount")


@lru_cache(4_096)
def _heard(language: str, text: str) -> str:
    return hearing(language)(text)
