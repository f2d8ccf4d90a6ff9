"""A browser, a server with the sample company, and a page that reports whatever a user would stumble over."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Request, sync_playwright

from growthring.console.access import User
from growthring.console.app import create_app
from growthring.operations.pricing.commitments import commitments
from growthring.operations.project import Project

AXE = Path(__file__).resolve().parents[2] / ".tools" / "axe.js"
FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
READY = (".waiting", "figure[data-chart]:not([data-drawn])")
"""What is gone from a page once its work is done and its charts are drawn."""
_PATIENCE = 90_000


@dataclass
class Seen:
    """A page, and what went wrong on it.

    Attributes:
        page: The page.
        address: Where the server is.
        faults: Console errors, exceptions, failed requests, requests to elsewhere.
    """

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open a page and wait until all of it is there."""
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the page's work is done and its charts are drawn."""
        self.page.wait_for_load_state()
        for unfinished in READY:
            self.page.wait_for_selector(unfinished, state="detached", timeout=_PATIENCE)

    def serious(self) -> list[str]:
        """Return what the accessibility engine finds serious or critical."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{each['id']}: {node['html'][:160]}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or whatever GROWTHRING_CHROMIUM names."""
    path = os.environ.get("GROWTHRING_CHROMIUM") or shutil.which("chromium")
    if not path:
        why = "Chromium is not installed"
        pytest.fail(why) if os.environ.get("GROWTHRING_REQUIRE_BROWSER") else pytest.skip(why)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def company(ringwood_whole_to_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company after a run: a folder of its own, since the pages keep their Answers in it."""
    return Path(shutil.copytree(ringwood_whole_to_copy, tmp_path_factory.mktemp("browser") / "ringwood"))


@pytest.fixture(scope="session")
def served(company: Path) -> Iterator[str]:
    """Where the console of the company is served."""
    with serving(company) as address:
        yield address


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the console of a project to an administrator, and say where."""
    app = create_app(folder, who=lambda _: User("Kim", "admin"))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def customer(company: Path) -> str:
    """A customer with much to show: one that owes a commitment."""
    owing = {row["account_id"] for row in commitments(Project.open(company)).rows} - {"total"}
    return str(min(owing))


@pytest.fixture
def visiting(browser: Browser, served: str) -> Iterator[Callable[..., Seen]]:
    """Return a way to open a page in a language, light or dark; what went wrong on it fails the test at its end."""
    pages: list[Seen] = []

    def visit(language: str = "en", mode: str = "light", *, scripts: bool = True, allowed: tuple[str, ...] = ()) -> Seen:
        context = browser.new_context(
            viewport={"width": 1360, "height": 900}, color_scheme=mode, locale="zh-CN" if language == "zh" else "en-GB",
            java_script_enabled=scripts, reduced_motion="reduce",
        )  # fmt: skip
        seen = Seen(context.new_page(), served)
        watch(seen, allowed)
        pages.append(seen)
        return seen

    yield visit
    faults = [fault for seen in pages for fault in seen.faults]
    for seen in pages:
        seen.page.context.close()
    assert not faults


def watch(seen: Seen, allowed: tuple[str, ...]) -> None:
    """Take down what a user would stumble over; texts that are allowed are part of the test."""

    def note(text: str) -> None:
        if not any(each in text for each in allowed):
            seen.faults.append(text)

    def asked(request: Request) -> None:
        if not request.url.startswith((seen.address, "data:", "blob:")):
            note(f"asked elsewhere: {request.url}")

    seen.page.on("console", lambda message: note(f"console: {message.text}") if message.type in ("error", "warning") else None)
    seen.page.on("pageerror", lambda error: note(f"error: {error}"))
    seen.page.on("request", asked)
    seen.page.on("requestfailed", lambda request: note(f"failed: {request.url} {request.failure}"))
    seen.page.on("response", lambda response: note(f"{response.status}: {response.url}") if response.status >= 400 else None)
