"""Stable identifiers from content: the same input always has the same name."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

_CHUNK = 1 << 20


def digest(parts: Iterable[str]) -> str:
    """Return a SHA-256 hex digest of text parts; no two lists of parts read the same.

    Example:
        >>> digest(["a", "bc"]) == digest(["ab", "c"])
        False
    """
    hasher = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        hasher.update(f"{len(encoded)}:".encode())
        hasher.update(encoded)
    return hasher.hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 hex digest of a file's bytes."""
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()
