"""Signing in through an OpenID Connect provider: who is known, in which role, and for how long."""

import logging
import os
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from growthring.console.access import ROLES, User
from growthring.kernel.errors import ConfigurationError
from growthring.operations.project import SETTINGS_FILE, ConsoleSettings, read_settings

NOBODY = User("")
"""Somebody who is not signed in."""
_MOST_SEATS = 10_000
_LOG = logging.getLogger("growthring.console")


class RefusedError(Exception):
    """Somebody could not be signed in.

    Args:
        name: Who, as far as the provider vouches for it.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        super().__init__(name)


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who is signed in.

    Attributes:
        name: As entries of the journal name the author: the verified e-mail address, else the provider's id.
        known_as: Names that a role may be given to: the verified e-mail address and the groups.
        until: Seconds since the epoch after which one signs in again.
    """

    name: str
    known_as: frozenset[str]
    until: float


@dataclass
class SignIn:
    """Who is signed in. Kept at the server alone: the cookie holds a random name of the seat.

    Attributes:
        root: The project's folder.
        settings: What growthring.toml said when the server was started.
    """

    root: Path
    settings: ConsoleSettings
    _seats: dict[str, Seat] = field(default_factory=dict)
    _read: tuple[int, ConsoleSettings] | None = None

    def __post_init__(self) -> None:
        self.client = _client(self.settings)

    @property
    def provider(self) -> str:
        """Name of the provider, for people."""
        return urlsplit(self.settings.oidc_issuer).hostname or self.settings.oidc_issuer

    @property
    def back_here(self) -> str:
        """Address to which the provider sends people back."""
        return self.settings.public_url.rstrip("/") + "/sign-in/return"

    async def begin(self, request: Request) -> Any:  # noqa: ANN401 - a redirect
        """Send somebody to the provider, with a challenge, a state and a nonce that the session holds."""
        return await self.client.authorize_redirect(request, self.back_here)

    async def finish(self, request: Request) -> User:
        """Seat somebody whom the provider sent back; the session is a new one from here.

        Raises:
            RefusedError: The provider does not vouch for them, or they have no role.
        """
        seat = seat_of(await self._claims(request), self.settings)
        role = role_of(seat.known_as, self._settings())
        request.session.clear()
        if role is None:
            raise RefusedError(seat.name)
        self._forget_the_gone()
        name = secrets.token_urlsafe(32)
        self._seats[name] = seat
        request.session["seat"] = name
        return User(seat.name, role, can_sign_out=True)

    def leave(self, request: Request) -> None:
        """Sign somebody out: the seat is gone, also for a copy of the cookie."""
        self._seats.pop(str(request.session.get("seat")), None)
        request.session.clear()

    def who(self, request: Request) -> User:
        """Return who asks, in the role that growthring.toml gives them now."""
        seat = self._seats.get(str(request.session.get("seat")))
        if seat is None or seat.until < time.time():
            return NOBODY
        role = role_of(seat.known_as, self._settings())
        return User(seat.name, role, can_sign_out=True) if role else NOBODY

    async def _claims(self, request: Request) -> Mapping[str, Any]:
        from authlib.integrations.starlette_client import OAuthError
        from httpx2 import HTTPError
        from joserfc.errors import JoseError

        must_be = {
            "iss": {"essential": True, "value": self.settings.oidc_issuer},
            "aud": {"essential": True, "value": self.settings.oidc_client_id},
        }
        try:
            told = await self.client.authorize_access_token(request, claims_options=must_be)
        except (OAuthError, JoseError, HTTPError, ValueError, KeyError, RuntimeError) as error:
            _LOG.warning("A sign-in failed: %s: %r", type(error).__name__, str(error)[:300])
            raise RefusedError from error
        claims: Mapping[str, Any] | None = told.get("userinfo")
        if not claims:  # an answer without an identity
            raise RefusedError
        return claims

    def _settings(self) -> ConsoleSettings:
        """Return what growthring.toml says now, so that a role taken away is gone at once."""
        place = self.root / SETTINGS_FILE
        stamp = place.stat().st_mtime_ns
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, read_settings(place).console)
        return self._read[1]

    def _forget_the_gone(self) -> None:
        now = time.time()
        self._seats = {name: seat for name, seat in self._seats.items() if seat.until >= now}
        while len(self._seats) >= _MOST_SEATS:
            self._seats.pop(next(iter(self._seats)))


def seat_of(claims: Mapping[str, Any], settings: ConsoleSettings) -> Seat:
    """Return who a provider says somebody is; an e-mail address counts only when the provider has verified it."""
    email = str(claims.get("email") or "").strip().casefold() if claims.get("email_verified") is True else ""
    held = claims.get(settings.role_claim)
    groups = [held] if isinstance(held, str) else held if isinstance(held, list) else []
    names = {str(group) for group in groups}
    return Seat(email or str(claims["sub"]), frozenset(names | ({email} if email else set())), _until(settings))


def role_of(known_as: Iterable[str], settings: ConsoleSettings) -> str | None:
    """Return the highest role of somebody, or nothing where they may not sign in.

    Example:
        >>> role_of(["finance", "ana@example.com"], ConsoleSettings(roles={"finance": "approver", "Ana@example.com": "viewer"}))
        'approver'
        >>> role_of(["sales"], ConsoleSettings(roles={"finance": "approver"})) is None
        True
    """
    given = {name.casefold() if "@" in name else name: role for name, role in settings.roles.items()}
    roles = [given[name] for name in known_as if name in given]
    if not roles and settings.default_role != "none":
        roles = [settings.default_role]
    return max(roles, key=ROLES.index, default=None)


def _until(settings: ConsoleSettings) -> float:
    return time.time() + settings.session_hours * 3600


def _client(settings: ConsoleSettings) -> Any:  # noqa: ANN401 - authlib's client has no types
    try:
        from authlib.integrations.starlette_client import OAuth
    except ImportError:
        raise ConfigurationError(
            "Signing in needs a library that is not installed.", remedy="Run `pip install 'growthring[auth]'`."
        ) from None
    client_secret = os.environ.get(settings.oidc_client_secret_env) or None
    options: dict[str, Any] = {"scope": settings.oidc_scopes, "code_challenge_method": "S256"}
    if client_secret is None:
        options["token_endpoint_auth_method"] = "none"  # noqa: S105 - a client without a secret
    issuer = settings.oidc_issuer.rstrip("/")
    return OAuth().register(
        "growthring", client_id=settings.oidc_client_id, client_secret=client_secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration", client_kwargs=options,
    )  # fmt: skip
