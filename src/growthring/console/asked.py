"""What a request asks for: the state of a page, all of it in the URL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Asked:
    """The state of a page.

    Attributes:
        path: Path of the page, such as ``/revenue``.
        params: Parameters by name; the last one counts where a name is given twice.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """Return a parameter, or a default where it is absent or empty."""
        return self.params.get(name, "").strip() or default

    def choice(self, name: str, valid: tuple[str, ...], default: str) -> str:
        """Return a parameter that is one of some values, else the default."""
        chosen = self.get(name, default)
        return chosen if chosen in valid else default

    def number(self, name: str, default: int, *, least: int = 1, most: int = 1_000_000) -> int:
        """Return a whole number between two bounds, else the default."""
        text = self.get(name)
        return max(least, min(most, int(text))) if text.isascii() and text.isdigit() and len(text) < 10 else default

    def url(self, path: str | None = None, /, **changes: object) -> str:
        """Return the URL of this page, or of another, with some parameters changed; ``None`` takes one away.

        Example:
            >>> Asked("/revenue", {"at": "2024-12", "by": "plan"}).url(by=None, policy="figma")
            '/revenue?at=2024-12&policy=figma'
        """
        params = {name: value for name, value in self.params.items() if value}
        for name, value in changes.items():
            params.pop(name, None)
            if value is not None and str(value):
                params[name] = str(value)
        query = urlencode(params)
        return (self.path if path is None else path) + (f"?{query}" if query else "")


def link(path: str, **params: object) -> str:
    """Return the URL of a page with parameters; empty ones are left out.

    Example:
        >>> link("/account", id="a&b", at=None)
        '/account?id=a%26b'
    """
    return Asked(path).url(path, **params)
