"""How tests walk pages: their blocks, their tables, and their forms, told first and then confirmed."""

import re
import time
from typing import Any
from urllib.parse import urlsplit

from httpx2 import Response
from starlette.testclient import TestClient

_PATIENCE = 90.0
_BUSY = 'aria-busy="true"'


def blocks(pages: TestClient, address: str, kind: str) -> dict[str, dict[str, Any]]:
    """Return the blocks of a kind of a page's JSON twin, by name."""
    twin = pages.get(address).json()
    return {
        block.get("name") or block.get("title") or str(place): block
        for section in twin["sections"]
        for place, block in enumerate(section["blocks"])
        if block["kind"] == kind
    }


def tables(pages: TestClient, address: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table of a page's JSON twin."""
    return {name: block["rows"] for name, block in blocks(pages, address, "table").items()}


def settled(pages: TestClient, address: str) -> str:
    """Return a page once nothing on it is being computed."""
    until = time.monotonic() + _PATIENCE
    while _BUSY in (html := pages.get(address).text):
        assert time.monotonic() < until
        time.sleep(0.1)
    return html


def preview(pages: TestClient, deed: str, *, back: str, **fields: str) -> Response:
    """Send a form and return what it says it will write, once that is known."""
    until = time.monotonic() + _PATIENCE
    while "<progress" in (response := _sent(pages, deed, back, fields)).text:
        assert time.monotonic() < until
        time.sleep(0.1)
    return response


def confirm(pages: TestClient, deed: str, *, back: str, **fields: str) -> Response:
    """Send a confirmed form; return what it answered at once, after what it began is done."""
    response = _sent(pages, deed, back, fields | {"confirmed": "yes"})
    if "doing=" in (there := response.headers.get("location", "")):
        ended(pages, there)
    return response


def ended(pages: TestClient, address: str) -> Response:
    """Return the part of a page that says what became of what was begun, once it has ended."""
    page = urlsplit(address)
    until = time.monotonic() + _PATIENCE
    while _BUSY in (response := pages.get(f"/part{page.path}/doing?{page.query}")).text:
        assert time.monotonic() < until
        time.sleep(0.1)
    return response


def token(pages: TestClient) -> str:
    """Return the token of the session, which every form carries."""
    until = time.monotonic() + _PATIENCE
    form = "/part/forecast/entries?view=entries"  # a quick one, of those that contributors may send
    while not (found := re.search(r'name="csrf" value="([^"]+)"', pages.get(form).text)):
        assert time.monotonic() < until
        time.sleep(0.1)
    return found[1]


def _sent(pages: TestClient, deed: str, back: str, fields: dict[str, str]) -> Response:
    data = {"csrf": token(pages), "back": back, **fields}
    response: Response = pages.post(f"/do/{deed}", data=data, follow_redirects=False)
    return response
