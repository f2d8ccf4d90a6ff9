"""The raw files of the company: one open writer a file, rows appended chunk by chunk."""

from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self


class RawFiles:
    """CSV files that are written side by side; rows wait in memory until ``flush``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: Counter[str] = Counter()
        self._streams: dict[str, BinaryIO] = {}
        self._waiting: dict[str, list[str]] = {}

    def open(self, name: str, header: str) -> None:
        """Start a file with its header; ``name`` is relative to the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("wb")
        stream.write(header.encode() + b"\n")
        self._streams[name], self._waiting[name] = stream, []

    def add(self, name: str, row: str) -> None:
        """Append one row without its line end."""
        self._waiting[name].append(row)

    def flush(self) -> None:
        """Write the waiting rows."""
        for name, rows in self._waiting.items():
            if rows:
                self._streams[name].write(("\n".join(rows) + "\n").encode())
                self.rows[name] += len(rows)
                rows.clear()

    def __enter__(self) -> Self:
        """Return the files themselves."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Write what waits and close every file."""
        self.flush()
        for stream in self._streams.values():
            stream.close()
