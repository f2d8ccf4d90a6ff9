"""Who reads a page, in which language: all that pages without figures need."""

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from growthring.console.access import User
from growthring.console.asked import Asked
from growthring.console.words import LANGUAGES, Words


class Reads(Protocol):
    """What templates ask of a visit."""

    @property
    def asked(self) -> Asked:
        """The state of the page."""

    @property
    def user(self) -> User:
        """Who asks."""

    @property
    def words(self) -> Words:
        """The language."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads a page that no figure stands on: signing in, refusals, errors.

    Attributes:
        asked: The state of the page.
        user: Who asks.
        words: The language.
    """

    asked: Asked
    user: User
    words: Words


def reader_of(request: Request) -> Reader:
    """Return who reads; nothing of the project is opened."""
    asked = Asked(request.url.path, dict(request.query_params))
    return Reader(asked, request.app.state.who(request), words_of(request, asked))


def words_of(request: Request, asked: Asked) -> Words:
    """Return the language of a request: of its URL, else of the cookie, else of the browser."""
    spoken = asked.get("lang") or request.cookies.get("lang") or _preferred(request)
    return Words(spoken if spoken in LANGUAGES else "en")


def _preferred(request: Request) -> str:
    first = request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip().lower()
    return "zh" if first.startswith("zh") else "en"
