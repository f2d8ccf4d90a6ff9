"""A first growthring.toml for some files: it runs as it is, and says what it was unsure of."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from growthring.sources.config import SourceConfig
from growthring.sources.draft import Draft, all_doubts, draft_sources
from growthring.sources.profile import FileProfile, look_at

_HEAD = """\
# What this project reads, and how. `growthring init` proposed it; lines marked "unsure" want a look.

[project]
name = {name}
currency = {currency}                # reporting currency
fiscal_year_starts = 1            # first month of the fiscal year; it is named after the year in which it ends
# data_through = "2025-12-31"     # last day the files speak for; without it, the last day of an invoice or of usage
policy = "standard"               # the definitions in force
"""
_TAIL = """
# A number you know from elsewhere, checked on every run: a run that contradicts it ends with exit code 3, and no month can
# be closed until it holds.
# [[assertions]]
# that = "MRR at 2025-12 is 100000 ± 1"
"""


@dataclass(frozen=True)
class Proposal:
    """A proposed growthring.toml.

    Attributes:
        toml: The file's text.
        doubts: What was unsure, one sentence each; the same stand as comments at their lines.
        sources: The proposed sources.
    """

    toml: str
    doubts: list[str]
    sources: tuple[SourceConfig, ...]


@dataclass
class Group:
    """Files with the same columns and kind of name.

    Attributes:
        profile: A look at the first of them.
        paths: All of them.
    """

    profile: FileProfile
    paths: list[Path] = field(default_factory=list)


def propose(files: Sequence[Path], project: Path) -> Proposal:
    """Look at files and propose how to read them.

    Args:
        files: CSV, Parquet, XLSX or JSON lines; globs are welcome.
        project: The folder growthring.toml will stand in; paths are written relative to it.

    Returns:
        The proposal; its sources read every file that was understood.
    """
    import duckdb

    from growthring.engine.duckdb_session import connect
    from growthring.sources.macros import install_macros
    from growthring.sources.raw import UnreadableFileError
    from growthring.sources.reading import read_file

    doubts: list[str] = []
    groups: dict[tuple[str, tuple[str, ...]], Group] = {}
    connection = connect()
    install_macros(connection)
    for path in _expand(files, project, doubts):
        try:
            kind = (_stem(path), tuple(read_file(connection, path, limit=1).columns))
            if kind not in groups:
                groups[kind] = Group(look_at(connection, path))
            groups[kind].paths.append(path)
        except (UnreadableFileError, duckdb.Error) as error:
            doubts.append(f"{_relative(path, project)} is left out: {error}.")
    connection.close()
    drafts: list[Draft] = []
    for (stem, _), group in groups.items():
        name = _free_name(stem, drafts)
        found = draft_sources(name, _patterns(group.paths, project), group.profile)
        if not found:
            doubts.append(f"{_relative(group.paths[0], project)} is left out: its columns fit no canonical table.")
        drafts.extend(found)
    text = _render(project, drafts, doubts)
    return Proposal(text, [*doubts, *all_doubts(drafts)], tuple(_config(draft) for draft in drafts))


def _expand(files: Sequence[Path], project: Path, doubts: list[str]) -> list[Path]:
    import glob

    from growthring.sources.reading import SUFFIXES

    found: dict[Path, None] = {}
    for file in files:
        matches = [Path(match) for match in sorted(glob.glob(str(file), recursive=True))] if glob.has_magic(str(file)) else [file]  # noqa: PTH207
        inside = [inner for match in matches for inner in (sorted(match.rglob("*")) if match.is_dir() else [match])]
        usable = [path for path in inside if path.name.lower().endswith(SUFFIXES)]
        if not usable:
            doubts.append(f"{file} names no file that can be read ({', '.join(SUFFIXES)}).")
        found.update(dict.fromkeys(path.resolve() for path in usable))
    return list(found)


def _stem(path: Path) -> str:
    """Return the name that files of one kind share: `invoices` for invoices/2025-01.csv, `usage` for usage_2025_01.csv."""
    words = re.sub(r"(\.[a-z0-9]+)+$", "", path.name.lower())
    words = re.sub(r"[^a-z0-9]+", "_", words)
    words = re.sub(r"(^|_)(\d+|q[1-4]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?=_|$)", "_", words)
    words = re.sub(r"_+", "_", words).strip("_")
    return words or re.sub(r"[^a-z0-9]+", "_", path.parent.name.lower()).strip("_") or "source"


def _free_name(stem: str, drafts: Sequence[Draft]) -> str:
    taken = {draft.name for draft in drafts}
    return next(name for name in (stem, *(f"{stem}_{number}" for number in range(2, 1000))) if name not in taken)


def _relative(path: Path, project: Path) -> str:
    return Path(os.path.relpath(path, project.resolve())).as_posix()


def _patterns(paths: Sequence[Path], project: Path) -> list[str]:
    """Write one glob for several files of a folder when it catches these and no others; else their paths."""
    folder = paths[0].parent
    if len(paths) == 1 or any(path.parent != folder for path in paths):
        return [_relative(path, project) for path in paths]
    prefix = _shared_start([path.name for path in paths]).rstrip("0123456789")
    suffix = _shared_start([path.name[::-1] for path in paths])[::-1].lstrip("0123456789")
    for pattern in (f"*{suffix}", f"{prefix}*{suffix}"):
        if set(folder.glob(pattern)) == set(paths):
            return [f"{_relative(folder, project)}/{pattern}"]
    return [_relative(path, project) for path in paths]


def _shared_start(names: Sequence[str]) -> str:
    return os.path.commonprefix(list(names))  # noqa: RUF071 (names, not paths)


def _config(draft: Draft) -> SourceConfig:
    return SourceConfig(
        name=draft.name,
        table=draft.table,
        files=tuple(draft.files),
        preset=draft.preset,
        types=draft.types,
        columns=draft.columns,
        attributes=draft.attributes,
        occurrence_within=tuple(draft.within),
        history=draft.history,
    )


def _render(project: Path, drafts: Sequence[Draft], doubts: Sequence[str]) -> str:
    head = _HEAD.format(name=_quoted(project.resolve().name), currency=_quoted(_reporting_currency(drafts)))
    left_out = "".join(f"# unsure: {doubt}\n" for doubt in doubts)
    return head + ("\n" + left_out if left_out else "") + "".join(_source(draft) for draft in drafts) + _TAIL


def _reporting_currency(drafts: Sequence[Draft]) -> str:
    literals = (draft.columns.get("currency", "") for draft in drafts)
    return next((text.strip("'") for text in literals if re.fullmatch(r"'[A-Z]{3}'", text)), "USD")


def _source(draft: Draft) -> str:
    lines = ["", "[[sources]]", *(f"# {note}" for note in draft.notes)]
    lines.extend(_entry(draft, "", "name", draft.name))
    lines.extend(_entry(draft, "", "table", draft.table))
    lines.extend(_entry(draft, "", "files", draft.files))
    if draft.preset:
        lines.extend(_entry(draft, "", "preset", draft.preset))
    if draft.within:
        lines.extend(_entry(draft, "", "occurrence_within", draft.within))
    if draft.history:
        lines.append("history = true                    # many rows per account; a row is kept where something changes")
    for title, entries in (("types", draft.types), ("columns", draft.columns), ("attributes", draft.attributes)):
        lines.extend(_section(draft, title, entries))
    return "\n".join(lines) + "\n"


def _section(draft: Draft, title: str, entries: Mapping[str, str]) -> Iterator[str]:
    if entries:
        yield ""
        yield f"[sources.{title}]"
    for key, value in entries.items():
        yield from _entry(draft, f"{title}.", key, value)


def _entry(draft: Draft, section: str, key: str, value: str | list[str]) -> Iterator[str]:
    for entry, sentence in draft.doubts:
        if entry == f"{section}{key}":
            yield f"# unsure: {sentence}"
    name = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)
    written = _quoted(value) if isinstance(value, str) else f"[{', '.join(_quoted(item) for item in value)}]"
    yield f"{name} = {written}"


def _quoted(text: str) -> str:
    literal_safe = '"' in text and "'" not in text and "\\" not in text
    return f"'{text}'" if literal_safe else json.dumps(text, ensure_ascii=False)
