"""What every answer of the server carries and every request must have: policy of content, host, token of the session."""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_SAME = ("same-origin", "none", None)


def with_headers() -> Callable[[Request, RequestResponseEndpoint], Awaitable[Response]]:
    """Return the middleware that puts the headers on every response, and keeps pages with figures out of shared caches."""

    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers.update(HEADERS)
        if not request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "private, no-store"
        return response

    return guard


def token(request: Request) -> str:
    """Return the token of the session, which every form carries; made on the first visit."""
    if "token" not in request.session:
        request.session["token"] = secrets.token_urlsafe(24)
    return str(request.session["token"])


def is_ours(request: Request, given: str) -> bool:
    """Whether a request that changes something came from a form of this console."""
    held = str(request.session.get("token", ""))
    return bool(held) and secrets.compare_digest(held, given) and request.headers.get("sec-fetch-site") in _SAME


def secret(state: Path) -> str:
    """Return the key that sessions are signed with; made once, readable to its owner alone."""
    place = state / "console" / "secret"
    if not place.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.touch(mode=0o600)
        place.write_text(secrets.token_urlsafe(48))
    return place.read_text()
