"""Who asks, and what their role may do."""

import getpass
from dataclasses import dataclass

ROLES = ("viewer", "contributor", "approver", "admin")
"""Each role may do what those before it may: read; say what one knows; approve and close; run and configure."""


@dataclass(frozen=True, slots=True)
class User:
    """Who asks.

    Attributes:
        name: As entries of the journal name the author; empty for somebody who is not signed in.
        role: One of `ROLES`.
        can_sign_out: Whether they signed in.
    """

    name: str
    role: str = "viewer"
    can_sign_out: bool = False

    def may(self, role: str) -> bool:
        """Whether the user has a role or a higher one.

        Example:
            >>> User("Kim", "approver").may("contributor"), User("Kim").may("contributor")
            (True, False)
        """
        return ROLES.index(self.role) >= ROLES.index(role)


def local_user() -> User:
    """Return who works at this machine; alone, and free to do everything."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        name = "local"
    return User(name, "admin")
