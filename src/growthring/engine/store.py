"""Immutable artifacts on disk, named by what they were made from.

An artifact is a folder of files under ``objects/``. Its key is the digest of a recipe and of everything that went in, so an
artifact that exists is never made again, and a step whose inputs did not change costs one look at the disk. A folder appears
by one atomic rename after its bytes are on disk: a process killed at any moment leaves either nothing or the whole artifact.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from growthring.kernel.ids import digest, file_digest

_CONTENTS = "contents.json"


@dataclass(frozen=True)
class Artifact:
    """A finished folder of the store.

    Attributes:
        key: Digest of the recipe and its inputs.
        path: The folder.
    """

    key: str
    path: Path

    @cached_property
    def contents(self) -> dict[str, str]:
        """SHA-256 of each file by name: what later steps depend on, so that equal bytes stop the recomputation."""
        return dict(self._record["files"])

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Facts that the recipe noted while writing, such as row counts."""
        return dict(self._record["facts"])

    @cached_property
    def _record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((self.path / _CONTENTS).read_text())
        return record


class Store:
    """The folder that holds every computed artifact of a project.

    Args:
        root: Usually ``.growthring/store`` in the project.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.built = 0
        self.reused = 0

    def build(self, recipe: str, inputs: Iterable[str], write: Callable[[Path], dict[str, Any] | None]) -> Artifact:
        """Return the artifact of a recipe and its inputs, making it when it does not exist yet.

        Args:
            recipe: Name and version of the step, for instance ``recurring/1``.
            inputs: Digests or settings that decide the content.
            write: Fills the folder it is given and may return facts to note (JSON values); called only when needed.
        """
        key = digest([recipe, *inputs])
        path = self.path_of(key)
        if path.exists():
            self.reused += 1
            return Artifact(key, path)
        self.root.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f"building-{os.getpid()}-", dir=self.root))
        try:
            facts = write(workshop) or {}
            files = {file.name: file_digest(file) for file in sorted(workshop.iterdir())}
            (workshop / _CONTENTS).write_text(json.dumps({"files": files, "facts": facts}, sort_keys=True))
            self._publish(workshop, path)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
        self.built += 1
        return Artifact(key, path)

    def path_of(self, key: str) -> Path:
        """Return where the artifact of a key lies or would lie."""
        return self.root / "objects" / key[:2] / key

    def sweep(self) -> None:
        """Remove what killed processes left half-made; folders of living processes stay."""
        for leftover in self.root.glob("building-*"):
            owner = leftover.name.split("-")[1]
            if not (owner.isdigit() and _is_alive(int(owner))):
                shutil.rmtree(leftover, ignore_errors=True)

    @staticmethod
    def _publish(workshop: Path, path: Path) -> None:
        for file in workshop.iterdir():
            _sync(file)
        _sync(workshop)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            workshop.rename(path)
        except OSError:
            if not path.exists():  # another process that made the same artifact first is no failure
                raise
        _sync(path.parent)


def write_atomically(path: Path, text: str) -> None:
    """Replace a small file so that a reader sees either the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).replace(path)
    _sync(path.parent)


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
