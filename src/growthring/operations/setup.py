"""Setting up a project: from the files a company has, or with the sample company."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from growthring.kernel.errors import ConfigurationError
from growthring.kernel.progress import Progress, silent
from growthring.operations.project import SETTINGS_FILE, Project, read_settings


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposed project.

    Attributes:
        path: The growthring.toml that was written.
        doubts: What the proposal was unsure of.
    """

    path: Path
    doubts: list[str]


def init(folder: Path, files: Sequence[str], *, overwrite: bool = False) -> Proposed:
    """Look at a company's files and write a commented growthring.toml that reads them.

    Raises:
        ConfigurationError: A settings file is there already, or a file cannot be found.
    """
    from growthring.sources.proposal import propose

    target = folder / SETTINGS_FILE
    if target.exists() and not overwrite:
        raise ConfigurationError(f"{target} exists already.", remedy="Edit it, or add --overwrite to replace it.")
    found = _expand(files)
    folder.mkdir(parents=True, exist_ok=True)
    proposal = propose(found, folder)
    target.write_text(proposal.toml, encoding="utf-8")
    read_settings(target)
    return Proposed(target, list(proposal.doubts))


def demo(folder: Path, *, accounts: int = 300, months: int = 36, seed: int = 7, progress: Progress = silent) -> Project:
    """Write the sample company into a folder as a project that is ready to run.

    Raises:
        ConfigurationError: The folder holds something else.
    """
    from growthring.company.project import project_settings
    from growthring.company.simulation import write_company

    target = folder / SETTINGS_FILE
    if folder.exists() and any(folder.iterdir()) and not target.exists():
        raise ConfigurationError(f"{folder} is not empty and holds no project.", remedy="Name a new folder.")
    truth = write_company(folder, accounts=accounts, months=months, seed=seed, progress=progress)
    target.write_text(project_settings(truth), encoding="utf-8")
    return Project.open(folder)


def _expand(patterns: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for pattern in patterns:
        path = Path(pattern)
        if path.is_file():
            found.append(path)
            continue
        base = Path(path.anchor) if path.is_absolute() else Path()
        relative = str(path.relative_to(path.anchor)) if path.is_absolute() else pattern
        matches = sorted(match for match in base.glob(relative) if match.is_file())
        if not matches:
            raise ConfigurationError(f"No file matches {pattern}.", remedy="Name files or globs after --from.")
        found += matches
    return found
