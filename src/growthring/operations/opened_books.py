"""Ledgers and ratings that stay open between questions: what a server keeps, so that a second question costs only a query."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

_KEPT = 6


class OpenedBooks:
    """Keeps what was opened last, by what it was opened from.

    It belongs to one thread: DuckDB connections are not shared between threads. What drops out is closed when nobody uses it.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._opened: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, open_it: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever was opened
        """Return what was opened under a key, opening it first where it is not kept."""
        if key not in self._opened:
            self._opened[key] = open_it()
            while len(self._opened) > self._kept:
                self._opened.popitem(last=False)
        self._opened.move_to_end(key)
        return self._opened[key]
