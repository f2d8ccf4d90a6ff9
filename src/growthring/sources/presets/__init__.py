"""Named mappings for schemas that many companies share; one file each, with its source and what is inferred."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.kernel.ids import digest
from growthring.sources.config import Dedupe, Exclude, SourceConfig
from growthring.sources.expressions import names_in
from growthring.sources.usage_records import usage_columns


@dataclass(frozen=True)
class Preset:
    """A mapping shipped with the package.

    Attributes:
        name: The file's name.
        table: Canonical table.
        says: What it maps, and what of it is inferred.
        recognised_by: Columns that a file of this shape has.
        types: How columns are read.
        columns: Expressions of each canonical column; the first whose columns the file has is used.
        attributes: The same for account attributes.
        exclude: Rows that are not meant for the table; a rule whose columns the file lacks is left out.
        dedupe: For usage: what makes two records the same one.
    """

    name: str
    table: str
    says: str
    recognised_by: frozenset[str]
    types: Mapping[str, str]
    columns: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, tuple[str, ...]]
    exclude: tuple[Exclude, ...]
    dedupe: Dedupe = "id"


@dataclass(frozen=True)
class ResolvedSource:
    """A source with its preset worked in.

    Attributes:
        config: As written in growthring.toml, with the preset's types and exclusions added.
        columns: Expressions of each canonical column, in order of preference.
        attributes: Expressions of each account attribute, in order of preference.
        lenient: Canonical columns, attributes and exclusion codes that a file may lack the columns for.
        dedupe: For usage: what makes two records the same one.
    """

    config: SourceConfig
    columns: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, tuple[str, ...]]
    lenient: frozenset[str]
    dedupe: Dedupe = "id"

    @property
    def paths(self) -> tuple[str, ...]:
        """Places inside columns that the expressions name, such as `data.tokens`."""
        texts = [text for several in (*self.columns.values(), *self.attributes.values()) for text in several]
        texts += [rule.when for rule in self.config.exclude]
        names = [name for text in texts for name in names_in(text)] + list(self.config.types)
        return tuple(dict.fromkeys(name for name in names if "." in name))

    @property
    def digest(self) -> str:
        """Digest of everything that decides how a file of the source is read."""
        return digest(
            [self.config.mapping_digest, repr(sorted(self.columns.items())), repr(sorted(self.attributes.items())), self.dedupe]
        )


@cache
def load_presets() -> dict[str, Preset]:
    """Return all presets by name."""
    folder = resources.files(__package__)
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    presets = (_parse(file.name.removesuffix(".toml"), file.read_text()) for file in files)
    return {preset.name: preset for preset in presets}


def recognise(columns: Iterable[str]) -> Preset | None:
    """Return the preset whose telling columns a file has; the one that asks for most, when several fit."""
    present = {column.lower() for column in columns}
    fitting = [preset for preset in load_presets().values() if preset.recognised_by <= present]
    return max(fitting, key=lambda preset: len(preset.recognised_by), default=None)


def resolve(config: SourceConfig) -> ResolvedSource:
    """Work a source's preset into it; what the source says itself goes before the preset.

    Raises:
        UnknownValueError: There is no such preset.
        ConfigurationError: The preset is for another table, or a required column is not mapped.
    """
    columns: dict[str, tuple[str, ...]] = {name: (text,) for name, text in config.columns.items()}
    attributes: dict[str, tuple[str, ...]] = {name: (text,) for name, text in config.attributes.items()}
    lenient: set[str] = set()
    dedupe = config.dedupe or "id"
    if config.preset is not None:
        preset = load_presets().get(config.preset)
        if preset is None:
            raise UnknownValueError("preset", config.preset, load_presets(), remedy=f"Correct source {config.name}.")
        if preset.table != config.table:
            raise ConfigurationError(
                f"Preset {preset.name} makes table {preset.table}, source {config.name} asks for {config.table}.",
                remedy=f'Set table = "{preset.table}".',
            )
        lenient = {*preset.columns.keys() - columns.keys(), *preset.attributes.keys() - attributes.keys()}
        lenient |= {rule.code for rule in preset.exclude}
        columns = {**preset.columns, **columns}
        attributes = {**preset.attributes, **attributes}
        dedupe = config.dedupe or preset.dedupe
        config = config.model_copy(
            update={"types": {**preset.types, **config.types}, "exclude": (*preset.exclude, *config.exclude)}
        )
    if config.table in ("usage", "usage_correction"):
        columns = usage_columns(config, columns, dedupe)
        lenient -= {"quantity"} if config.value else set()
        lenient -= {"dimensions"} if config.dimensions else set()
    _refuse_unmapped(config, columns)
    return ResolvedSource(config, columns, attributes, frozenset(lenient), dedupe)


def _refuse_unmapped(config: SourceConfig, columns: Mapping[str, tuple[str, ...]]) -> None:
    if config.takes_canonical_names:
        return
    for column in config.contract.columns:
        made_by_us = column.name in ("known_at", "source_file", "source_row")
        if column.required and column.default is None and not made_by_us and column.name not in columns:
            raise ConfigurationError(
                f"Source {config.name} does not say how to make {column.name} of table {config.table}.",
                valid=f"{column.name}: {column.meaning}",
                remedy=f'Add {column.name} = "…" under its [sources.columns].',
            )


def _parse(name: str, text: str) -> Preset:
    raw = tomllib.loads(text)
    return Preset(
        name=name,
        table=raw["table"],
        says=raw["says"],
        recognised_by=frozenset(raw["recognised_by"]),
        types=raw.get("types", {}),
        columns={key: _alternatives(value) for key, value in raw["columns"].items()},
        attributes={key: _alternatives(value) for key, value in raw.get("attributes", {}).items()},
        exclude=tuple(Exclude(**rule) for rule in raw.get("exclude", ())),
        dedupe=raw.get("dedupe", "id"),
    )


def _alternatives(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
