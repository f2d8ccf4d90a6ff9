"""Sentences of operations in the reader's language: said in English, with values in them, and known again by their form."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PLACE = re.compile(r"\{(\w+)\}")
_BREAK = re.compile(r"(?<=[.!?]) (?=[A-Z`])")
_SPAN = re.compile(r"(\d[\d-]*) to (\d[\d-]*)")
_NAME = re.compile(r"[A-Z]\S*")
_NAMED = frozenset({"received", "text", "name", "account", "table", "known", "column", "meter", "path", "id"})
"""Places in which names stand, and what somebody typed."""
_LONGEST = 5_000
_MOST_SENTENCES = 8
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Form:
    """A sentence with places for values, in two languages.

    Attributes:
        literals: The English text around its places, from the first to the last.
        names: Names of the places, in order.
        translation: The sentence in the other language, with the same places.
        rarest: The longest literal: a text without it is no such sentence.
        is_bare: Whether it begins with a place and has but one word, so that its values must be words, too.
    """

    literals: tuple[str, ...]
    names: tuple[str, ...]
    translation: str
    rarest: str
    is_bare: bool

    @classmethod
    def of(cls, message: str, translation: str) -> "Form":
        """Return the form of a message with places."""
        parts = _PLACE.split(message)
        literals = tuple(parts[::2])
        is_bare = not literals[0] and len(" ".join(literals).split()) == 1
        return cls(literals, tuple(parts[1::2]), translation, max(literals, key=len), is_bare)

    def values(self, text: str) -> dict[str, str] | None:
        """Return what stands in the places of a text of this form: each value is the shortest that the text allows.

        The text is gone through once, whatever it holds.

        Example:
            >>> Form.of("{count} rows of {file}.", "").values("1,204 rows of a.csv.")
            {'count': '1,204', 'file': 'a.csv'}
        """
        first, *between, last = self.literals
        at, end = len(first), len(text) - len(last)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return None
        found = []
        for literal in between:
            place = text.find(literal, at, end)
            if place < 0:
                return None
            found.append(text[at:place])
            at = place + len(literal)
        found.append(text[at:end])
        return None if self.is_bare and " " in "".join(found) else dict(zip(self.names, found, strict=True))


class Hearing:
    """Knows the sentences of operations again.

    Args:
        messages: All messages of a language by the English one.
        said: Those that operations say.
    """

    def __init__(self, messages: Mapping[str, str], said: Iterable[str]) -> None:
        self._messages = messages
        forms = [Form.of(message, messages[message]) for message in said if _PLACE.search(message)]
        self._forms = sorted(forms, key=lambda form: -sum(map(len, form.literals)))

    def __call__(self, text: str) -> str:
        """Return a text in the language; what is not known stays as it is."""
        return (self._translated(text, 0) or text) if 1 < len(text) <= _LONGEST else text

    def _translated(self, text: str, depth: int) -> str:
        """Return a text in the language, or nothing: as a whole, sentence by sentence, or as a reason made a sentence."""
        whole = self._sentence(text, depth)
        if whole:
            return whole
        several = self._several(text, depth)
        if several:
            return several
        reason = self._sentence(text[:1].lower() + text[1:-1], depth) if text.endswith(".") else ""
        return f"{reason}。" if reason else self._sentence(text, depth, may_swallow=True)

    def _sentence(self, text: str, depth: int, *, may_swallow: bool = False) -> str:
        """Return one message in the language, or nothing; no value holds a further sentence unless it may."""
        if text in self._messages:
            return self._messages[text]
        if (span := _SPAN.fullmatch(text)) and (words := self._messages.get("{first} to {last}")):
            return words.format(first=span[1], last=span[2])
        for form in self._forms:
            values = form.values(text) if form.rarest in text else None
            if values is not None and (may_swallow or not any(map(self._holds_more, values.values()))):
                return self._filled(form, values, depth)
        return ""

    def _holds_more(self, value: str) -> bool:
        """Whether a value holds the beginning of a further sentence, and is no message itself."""
        return bool(_BREAK.search(value)) and value not in self._messages

    def _filled(self, form: Form, values: Mapping[str, str], depth: int) -> str:
        put = {name: value if name in _NAMED else self._value(value, depth + 1) for name, value in values.items()}
        return _PLACE.sub(lambda place: put[place[1]], form.translation)

    def _several(self, text: str, depth: int) -> str:
        """Return sentences below each other in the language, the longest known one first; nothing where none is known."""
        parts = _BREAK.split(text, _MOST_SENTENCES - 1)
        told, start = [], 0
        while start < len(parts) > 1:
            ends = [end for end in range(len(parts), start, -1) if (start, end) != (0, len(parts))]
            found = ((end, self._sentence(" ".join(parts[start:end]), depth)) for end in ends)
            end, sentence = next(((end, sentence) for end, sentence in found if sentence), (start + 1, ""))
            told.append((sentence or parts[start], bool(sentence)))
            start = end
        return joined(sentence for sentence, _ in told) if any(known for _, known in told) else ""

    def _value(self, text: str, depth: int) -> str:
        """Return what stands in a place in the language: a message, a sentence, or a list of such; a name stays a name."""
        if depth > _DEEPEST or _NAME.fullmatch(text):
            return text
        return self._list(text, "; ", "；", depth) or self._translated(text, depth) or self._list(text, ", ", "、", depth) or text

    def _list(self, text: str, separator: str, mark: str, depth: int) -> str:
        """Return a list in the language, or nothing where none of its parts is known."""
        parts = text.split(separator)
        known = [self._sentence(part, depth) for part in parts] if 1 < len(parts) <= _MOST_SENTENCES else []
        return mark.join(there or part for there, part in zip(known, parts, strict=True)) if any(known) else ""


def joined(sentences: Iterable[str]) -> str:
    """Return sentences below each other; between Chinese ones stands no space.

    Example:
        >>> joined(["没有数据。", "Run it.", "好。"])
        '没有数据。 Run it. 好。'
    """
    text = " ".join(sentence for sentence in sentences if sentence)
    return re.sub(r"(?<=[。？！]) (?=[\u4e00-\u9fff`“])", "", text)
