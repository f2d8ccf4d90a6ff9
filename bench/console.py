"""The console on a company of 50 k accounts × 36 months: time at the server, time until a page is seen, readers during a run."""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.race import judge, keep, show

ACCOUNTS, MONTHS = 50_000, 36
ROUNDS = 30
"""Times each page is asked for."""
READERS, READING = 20, 30.0
"""Readers at once, and seconds that they read."""
FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
PATIENCE = 900.0
VIEWS = {
    "revenue by industry": "/revenue?by=industry",
    "evidence of NDR": "/answer?of=show&metric=ndr",
    "forecast: what people say": "/forecast?view=entries",
    "forecast: usage": "/forecast?view=usage",
}
LARGEST = """() => new Promise((done) => {
  let seen = 0;
  new PerformanceObserver((list) => { for (const each of list.getEntries()) seen = Math.max(seen, each.startTime); })
    .observe({type: 'largest-contentful-paint', buffered: true});
  setTimeout(() => done(seen), 400);
})"""


def main(*, quick: bool = False) -> list[str]:
    """Measure the console; return the claims that do not hold."""
    root = _company(2_000 if quick else ACCOUNTS)
    with _served(root) as address:
        pages = _pages(address)
        first = {name: _until_whole(address + path) for name, path in pages.items()}
        warm = {name: [_timed(address + path) for _ in range(5 if quick else ROUNDS)] for name, path in pages.items()}
        seen = _seen(address, pages)
        reading = _readers(address, pages, root, 5.0 if quick else READING)
    rows = [
        [
            name,
            f"{first[name]:.2f}",
            f"{statistics.median(warm[name]) * 1e3:.0f}",
            f"{_p95(warm[name]) * 1e3:.0f}",
            f"{seen.get(name, 0):.0f}",
        ]
        for name in pages
    ]
    show(
        f"{ACCOUNTS:,} accounts × {MONTHS} months, served on this machine",
        ["page", "whole at first, s", "warm, ms", "p95, ms", "seen after, ms"],
        rows,
    )
    show(
        "Readers during a run",
        ["readers", "requests", "median, ms", "p95, ms"],
        [[str(READERS), str(len(reading)), f"{statistics.median(reading) * 1e3:.0f}", f"{_p95(reading) * 1e3:.0f}"]],
    )
    keep("console", {"first": first, "warm": warm, "seen": seen, "reading": reading})
    slowest = max(pages, key=lambda name: _p95(warm[name]))
    return judge(
        [
            (f"seconds at the server, p95 of the slowest page ({slowest})", _p95(warm[slowest]), "<=", 0.3),
            ("seconds to the largest contentful paint, slowest page", max(seen.values(), default=0.0) / 1e3, "<=", 1.5),
            (f"seconds for {READERS} readers during a run, p95", _p95(reading), "<=", 1.0),
        ]
    )


def _company(accounts: int) -> Path:
    """Return the folder of a company of a size, made and run once."""
    folder = (
        Path(os.environ.get("GROWTHRING_BENCH_DIR", Path(tempfile.gettempdir()) / "growthring-bench")) / f"console-{accounts}"
    )
    if not (folder / ".growthring" / "store").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _growthring("company", str(folder), "--accounts", str(accounts), "--months", str(MONTHS))
        _growthring("run", "-C", str(folder), accepted=(0, 3))
    return folder


def _growthring(*arguments: str, accepted: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run([sys.executable, "-m", "growthring.cli.main", *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in accepted:
        raise RuntimeError(done.stderr[-2000:])


@contextmanager
def _served(root: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "growthring.cli.main", "serve", "-C", str(root), "--no-browser", "--port", "8730"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        line = process.stderr.readline()
        address = re.search(r"http://[0-9.:]+", line)
        if not address:
            raise RuntimeError(line + process.stderr.read())
        threading.Thread(target=process.stderr.read, daemon=True).start()
        _until_up(address[0])
        try:
            yield address[0]
        finally:
            process.terminate()


def _until_up(address: str) -> None:
    for _ in range(200):
        try:
            _get(address + "/theme.css")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing answers at {address}")


def _pages(address: str) -> dict[str, str]:
    """Return the pages of the menu, one customer's page and further views, by name."""
    found = dict(re.findall(r'data-page="(\w+)" href="([^"]+)"', _get(address + "/")))
    _until_whole(address + found["account"])
    customer = re.search(r'href="(/account\?id=[^"]+)"', _get(address + found["account"]))
    return found | ({"one customer": customer[1].replace("&amp;", "&")} if customer else {}) | VIEWS


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=120) as response:
        return str(response.read().decode())


def _timed(url: str) -> float:
    began = time.perf_counter()
    _get(url)
    return time.perf_counter() - began


def _until_whole(url: str) -> float:
    """Return the seconds until a page has nothing to wait for."""
    began = time.perf_counter()
    while 'aria-busy="true"' in _get(url):
        if time.perf_counter() - began > PATIENCE:
            raise RuntimeError(f"{url} is not whole after {PATIENCE:.0f} s")
        time.sleep(0.25)
    return time.perf_counter() - began


def _seen(address: str, pages: dict[str, str]) -> dict[str, float]:
    """Return the milliseconds to the largest contentful paint of each page; nothing without Chromium."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if not path:
        print("Chromium is not installed: the time until a page is seen was not measured")
        return {}
    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        for name, page_path in pages.items():
            times = []
            for _ in range(3):
                page = browser.new_page(viewport={"width": 1360, "height": 900})
                page.goto(address + page_path, wait_until="load")
                times.append(float(page.evaluate(LARGEST)))
                page.close()
            found[name] = statistics.median(times)
        browser.close()
    return found


def _readers(address: str, pages: dict[str, str], root: Path, seconds: float) -> list[float]:
    """Return the seconds of each request of many readers at once while the books are run again and again on changed data."""
    until = time.perf_counter() + seconds
    times: list[float] = []

    def read(place: int) -> None:
        urls = [address + path for path in pages.values()]
        while time.perf_counter() < until:
            times.append(_timed(urls[place % len(urls)]))
            place += 1
            time.sleep(0.3)

    def run_again() -> None:
        while time.perf_counter() < until:
            _repeat_a_row(root)
            _growthring("run", "-C", str(root), accepted=(0, 3))

    working = [threading.Thread(target=run_again), *(threading.Thread(target=read, args=(place,)) for place in range(READERS))]
    for each in working:
        each.start()
    for each in working:
        each.join()
    return times


def _repeat_a_row(root: Path) -> None:
    """Add a copy of the last row to the last file of invoices: a month is to be read again, and figures stay as they are."""
    last = max((root / "raw" / "invoices").glob("*.csv"), key=lambda file: file.name)
    lines = last.read_text(encoding="utf-8").rstrip("\n").splitlines()
    last.write_text("\n".join([*lines, lines[-1]]) + "\n", encoding="utf-8")


def _p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]
