"""Digests of input files, remembered as long as a file's size and time of change stay the same."""

import json
import time
from pathlib import Path

from growthring.engine.store import write_atomically
from growthring.kernel.ids import file_digest

_SETTLED_NS = 2_000_000_000
"""A file changed less than two seconds before it was hashed may change again within the clock's grain: it is not remembered."""


class FileDigests:
    """Digests by file, kept in a small JSON file under the store.

    Args:
        folder: The store's root.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "file_digests.json"
        self._known: dict[str, list[object]] = self._load()
        self._changed = False

    def of(self, path: Path) -> str:
        """Return the SHA-256 of a file; empty text when it cannot be read."""
        try:
            stat = path.stat()
            stamp = [stat.st_size, stat.st_mtime_ns, stat.st_ino]
            known = self._known.get(str(path))
            if known and known[:3] == stamp:
                return str(known[3])
            sha256 = file_digest(path)
        except OSError:
            return ""
        if time.time_ns() - stat.st_mtime_ns > _SETTLED_NS:
            self._known[str(path)] = [*stamp, sha256]
            self._changed = True
        return sha256

    def save(self) -> None:
        """Write what was learned."""
        if self._changed:
            write_atomically(self._path, json.dumps(self._known, sort_keys=True))

    def _load(self) -> dict[str, list[object]]:
        try:
            known = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}
