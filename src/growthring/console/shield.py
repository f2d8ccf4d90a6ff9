"""The outermost layer: headers on every response, limits on every request, and a page where something broke."""

import logging
import secrets
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from growthring.console.security import HEADERS

LARGEST_BODY = 1_000_000
"""Bytes of a request: a whole price book as text fits in."""
LONGEST_ADDRESS = 8_000
_LOG = logging.getLogger("growthring.console")


class TooLargeError(Exception):
    """A request goes on beyond what is read of it."""


class Shield:
    """Guards an application.

    Args:
        app: The application.
        broke: Makes the page that says that something broke, from the request and the id of the entry in the log.
        is_secure: Whether browsers are told to come through https alone.
    """

    def __init__(self, app: ASGIApp, broke: Callable[[Request, str], Response], *, is_secure: bool = False) -> None:
        self.app, self.broke, self.is_secure = app, broke, is_secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        guarded = self._with_headers(scope, send)
        if refused := _refused(scope):
            await refused(scope, receive, guarded)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await guarded(message)

        try:
            await self.app(scope, _limited(receive), noted)
        except Exception as error:
            if begun:
                raise
            await self._after(error, scope)(scope, receive, guarded)

    def _after(self, error: Exception, scope: Scope) -> Response:
        if isinstance(error, TooLargeError):
            return _told("The request is too large.", 413)
        name = secrets.token_hex(4)
        _LOG.exception("Error %s at %s %s", name, scope["method"], repr(scope["path"]), exc_info=error)
        return self.broke(Request(scope), name)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if self.is_secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                if not (scope["path"].startswith("/static/") and message["status"] in (200, 206, 304)):
                    headers["Cache-Control"] = "private, no-store"
            await send(message)

        return sent


def _refused(scope: Scope) -> Response | None:
    """Refuse what no link of the console leads to: endless addresses, and text that files and databases cannot hold."""
    query = scope["query_string"]
    if len(scope["path"]) + len(query) > LONGEST_ADDRESS:
        return _told("The address is too long.", 414)
    if "\0" in scope["path"] or b"%00" in query or b"\0" in query:
        return _told("The address holds a NUL character.", 400)
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 18 or int(length) > LARGEST_BODY:
        return _told("The request is too large.", 413)
    return None


def _limited(receive: Receive) -> Receive:
    """Return what hands over the body of a request, and stops when it goes on for too long."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > LARGEST_BODY:
            raise TooLargeError
        return message

    return limited


def _told(text: str, status: int) -> Response:
    return PlainTextResponse(text, status, headers={"Connection": "close"})
