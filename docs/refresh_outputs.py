"""Run the commands that pages show and write their real output back; `tests/docs` holds the tutorial to it.

    .venv/bin/python docs/refresh_outputs.py [PAGE...]

A page takes part when it says `<!-- outputs: PLACE -->`. `empty` runs the console blocks below that line in an empty folder;
`demo` in the sample company after a run; `online_retail` in a copy of examples/online_retail that reads the data where they lie.
In a block, `$ ` begins a command, `> ` goes on with it, and everything up to the next command is what it printed. Where a page
says `make demo`, this runs `growthring demo demo`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_PLACE = re.compile(r"^<!-- outputs: (\w+) -->$", flags=re.MULTILINE)


def pages() -> list[Path]:
    """Return every page that takes part."""
    candidates = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in candidates if _PLACE.search(page.read_text())]


def refreshed(page: Path) -> str:
    """Return the page's text with what its commands print now."""
    text = page.read_text()
    place = _PLACE.search(text)
    if place is None:
        raise ValueError(f"{page} has no <!-- outputs: … --> line.")
    with _folder(place[1]) as folder:
        session = _Session(folder)
        before, after = text[: place.end()], text[place.end() :]
        return before + _BLOCK.sub(lambda block: f"```console\n{session.replay(block[1])}```", after)


def normalised(text: str) -> str:
    """Return the text without what differs from run to run: durations, today's date, ids, spaces at line ends."""
    text = re.sub(r"\b\d+\.\d s\b", "0.0 s", text)
    text = re.sub(r"\b\d+ parts computed, \d+ as they stood", "0 parts computed, 0 as they stood", text)
    # the sample company ends in 2024 and the shop in 2011: a later date is the day of the run
    text = re.sub(r"\b20(2[5-9]|[3-9]\d)-\d\d-\d\d( \d\d:\d\d)?\b", "TODAY", text)
    text = re.sub(r"\b[0-9a-f]{12}([0-9a-f]{4})?\b", "ID", text)
    return re.sub(r"[ ]+", " ", re.sub(r" +$", "", text, flags=re.MULTILINE))


@contextmanager
def _folder(place: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        if place in ("empty", "demo"):
            if place == "demo":
                _Session(Path(made)).replay("$ growthring demo . >/dev/null\n")
            yield Path(made)
            return
        # the example reads ../../../shared, seen from its own folder
        copy = Path(made) / "growthring" / "examples" / place
        shutil.copytree(ROOT / "examples" / place, copy, ignore=shutil.ignore_patterns(".growthring"))
        (Path(made) / "shared").symlink_to(ROOT.parent / "shared")
        yield copy


class _Session:
    """A shell that remembers its folder from command to command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # the program beside the interpreter; nobody's name or window width gets into a page
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "LOGNAME": "ana", "COLUMNS": "140", "TERM": "dumb"}

    def replay(self, block: str) -> str:
        """Run the commands of a block and return it with their output."""
        lines = [line for line in block.splitlines() if line.startswith(("$ ", ">"))]
        commands = re.findall(r"^\$ .*(?:\n>.*)*", "\n".join(lines), flags=re.MULTILINE)
        return "".join(f"{command}\n{self._output(command)}" for command in commands)

    def _output(self, command: str) -> str:
        words = re.sub(r"^[$>] ?", "", command, flags=re.MULTILINE)
        if words.startswith("cd "):
            self.folder = (self.folder / words[3:]).resolve()
            return ""
        words = words.replace("make demo", "growthring demo demo")
        done = subprocess.run(
            ["bash", "-c", words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if "Traceback" in done.stdout:
            raise RuntimeError(f"{words}\n{done.stdout}")
        return re.sub(r" +$", "", done.stdout, flags=re.MULTILINE)


if __name__ == "__main__":
    for chosen in [Path(name).resolve() for name in sys.argv[1:]] or pages():
        new = refreshed(chosen)
        if normalised(new) != normalised(chosen.read_text()):
            chosen.write_text(new)
            print(chosen.relative_to(ROOT), file=sys.stderr)
