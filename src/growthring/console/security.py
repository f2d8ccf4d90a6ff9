"""What every answer of the server carries and every request must have: policy of content, host, token of the session."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request

from growthring.kernel.ids import digest

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
_SAME = ("same-origin", "none")


def token(request: Request) -> str:
    """Return the token of the session, which every form carries; made on the first visit."""
    if "token" not in request.session:
        request.session["token"] = secrets.token_urlsafe(24)
    return str(request.session["token"])


def is_ours(request: Request, given: str) -> bool:
    """Whether a request that changes something came from a form of this console."""
    held = str(request.session.get("token", ""))
    return bool(held) and secrets.compare_digest(held.encode(), given.encode("utf-8", "replace")) and _is_from_here(request)


def _is_from_here(request: Request) -> bool:
    """Whether the browser says that a page of this console sent the request; those that say nothing need the token alone."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in _SAME
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        came_from = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(came_from) and came_from in (request.headers.get("host", ""), request.app.state.public_host)


def safe_back(text: str) -> str:
    """Return where a reader goes back to, which is always a page of this console.

    Example:
        >>> safe_back("/revenue?by=plan"), safe_back("//evil.example"), safe_back("javascript:alert(1)")
        ('/revenue?by=plan', '/', '/')
    """
    is_path = text.startswith("/") and not text.startswith("//")
    return text if is_path and "\\" not in text and text.isprintable() and len(text) < 4_000 else "/"


def cookie_name(root: Path, *, is_secure: bool) -> str:
    """Return the name of the session's cookie: consoles of several projects on one machine do not take each other's."""
    return ("__Host-" if is_secure else "") + f"growthring-{digest([str(root)])[:8]}"


def secret(state: Path) -> str:
    """Return the key that sessions are signed with; made once, readable to its owner alone."""
    place = state / "console" / "secret"
    if not place.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = place.with_suffix(f".{secrets.token_hex(4)}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(48))
        try:
            place.hardlink_to(made)  # two servers that start at once agree on one
        except FileExistsError:
            pass
        made.unlink()
    return place.read_text()
