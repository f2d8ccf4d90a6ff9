"""What a `[[sources]]` entry of growthring.toml may say."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.kernel.ids import digest
from growthring.tables import CANONICAL, Table

SOURCE_TYPES = ("number", "date", "timestamp", "text", "boolean")
"""What a source column can be read as; `date` and `timestamp` take a format after a colon, such as `date:%d/%m/%Y`."""


Dedupe = Literal["id", "source+id", "id+timestamp", "day"]
"""What makes two usage records the same one."""

Rollup = Literal["day", "month"]
"""What one row of rolled-up events covers, UTC."""

_USAGE_ONLY = ("value", "dimensions", "future_tolerance_hours", "late_window_days", "rollup")
_EVENT_COLUMNS = ("usage_id", "account_id", "meter", "used_at", "quantity")
_NOT_WITH_ROLLUP = ("preset", "sheet", "types", "attributes", "exclude", "occurrence_within", "history", "late_window_days")
_COLUMN_NAME = re.compile(r'([A-Za-z_]\w*|"[^"]+")(\.([A-Za-z_]\w*|"[^"]+"))*')


class Exclude(BaseModel):
    """Rows that are not meant for the table; they count as rejected under this code.

    Attributes:
        when: Expression that is true for the rows to leave out.
        code: Problem code, in capitals.
        because: The reason, for a person.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: str
    code: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    because: str


class SourceConfig(BaseModel):
    """One source: which files, which canonical table, and how each column is made.

    Attributes:
        name: Name of the source, unique in the project.
        table: Canonical table that the rows go to.
        files: Paths or globs relative to the project folder.
        preset: A mapping shipped with the package; what is written here goes before it.
        sheet: Sheet of an XLSX file; the first one when absent.
        types: How columns of the file are read, by column name.
        columns: Expression of each canonical column over the file's columns. Without a preset and without history, a column of
            the file that carries the canonical name needs no entry.
        attributes: For accounts: expression of each attribute, by attribute name.
        exclude: Rows that are not meant for the table.
        occurrence_within: Columns that separate copies of the same line, such as the sheet it stood on.
        history: For accounts: many rows per account, of which only changes are kept.
        value: For usage: the expression of the quantity, such as `data.tokens`; short for `quantity` under columns.
        dimensions: For usage: columns or places inside them, such as `data.model`, that prices may depend on. The last part of
            the name becomes the dimension's; `%`, `;` and `=` inside a value are written `%25`, `%3B` and `%3D`.
        dedupe: For usage: what makes two records the same one. `id`; `source+id`, with the file's column `source`;
            `id+timestamp`; or `day`, one record for each account, meter, day and dimensions. The preset's choice when absent,
            else `id`.
        future_tolerance_hours: For usage: how much later than it became known, or than its file was written, a record may say
            that it was used.
        late_window_days: For usage: records that became known more than so many days after their use are rejected; none when
            absent.
        rollup: For usage: events too many to be stored one by one become a row of usage for each account, meter, dimensions and
            UTC `day` or `month`. The columns are then plain names of columns, and `quantity = 1` counts events. Every event is
            a row when absent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    table: str
    files: tuple[str, ...] = Field(min_length=1)
    preset: str | None = None
    sheet: str | None = None
    types: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    attributes: dict[str, str] = Field(default_factory=dict)
    exclude: tuple[Exclude, ...] = ()
    occurrence_within: tuple[str, ...] = ()
    history: bool = False
    value: str | None = None
    dimensions: tuple[str, ...] = ()
    dedupe: Dedupe | None = None
    future_tolerance_hours: int = Field(default=24, ge=0)
    late_window_days: int | None = Field(default=None, ge=1)
    rollup: Rollup | None = None

    @field_validator("columns", "attributes", mode="before")
    @classmethod
    def _literals_as_text(cls, value: object) -> object:
        """Let people write `quantity = 1` without quotes."""
        if not isinstance(value, dict):
            return value
        return {key: str(item) if isinstance(item, int | float) else item for key, item in value.items()}

    @field_validator("files", "occurrence_within", "dimensions", mode="before")
    @classmethod
    def _one_as_list(cls, value: object) -> object:
        """Let people write one path without brackets."""
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _known_names(self) -> "SourceConfig":
        if self.table not in CANONICAL:
            raise UnknownValueError("table", self.table, CANONICAL, remedy=f"Correct `table` of source {self.name}.")
        table = CANONICAL[self.table]
        mappable = [name for name in table.column_names if name not in ("source_file", "source_row")]
        for name in self.columns:
            if name not in mappable:
                raise UnknownValueError(
                    f"column of {self.table}", name, mappable, remedy=f"Correct [sources.columns] of source {self.name}."
                )
        for column, kind in self.types.items():
            if kind.split(":", 1)[0] not in SOURCE_TYPES:
                raise UnknownValueError(
                    f"type of column {column}", kind, SOURCE_TYPES, remedy=f"Correct [sources.types] of source {self.name}."
                )
        if self.table != "account" and (self.attributes or self.history):
            raise ConfigurationError(
                f"Source {self.name} sets attributes or history for table {self.table}.",
                valid="Only sources of the table account have attributes and history.",
                remedy="Remove them, or add a second source over the same files with table = 'account'.",
            )
        self._refuse_misplaced_usage_settings()
        if self.rollup is not None:
            self._refuse_what_is_not_rolled_up()
        return self

    def _refuse_misplaced_usage_settings(self) -> None:
        written = [name for name in _USAGE_ONLY if name in self.model_fields_set]
        if written and self.table != "usage":
            raise ConfigurationError(
                f"Source {self.name} sets {', '.join(written)} for table {self.table}.",
                valid=f"Only sources of the table usage have {', '.join(_USAGE_ONLY)}.",
                remedy="Remove them, or set table = 'usage'.",
            )
        allowed = {"usage": ("id", "source+id", "id+timestamp", "day"), "usage_correction": ("id", "source+id")}.get(
            self.table, ()
        )
        if self.dedupe is not None and self.dedupe not in allowed:
            raise UnknownValueError(f"dedupe of table {self.table}", self.dedupe, allowed, remedy=f"Correct source {self.name}.")
        keys = [path.split(".")[-1] for path in self.dimensions]
        if len(set(keys)) < len(keys) or (self.dimensions and "dimensions" in self.columns):
            raise ConfigurationError(
                f"Source {self.name} says twice what a dimension is.",
                valid="Each dimension is called by the last part of its path; columns.dimensions is for text that is ready.",
                remedy="Remove one of them.",
            )
        if self.value is not None and "quantity" in self.columns:
            raise ConfigurationError(
                f"Source {self.name} says twice what the quantity is: value and columns.quantity.", remedy="Remove one of them."
            )

    def _refuse_what_is_not_rolled_up(self) -> None:
        if written := [name for name in _NOT_WITH_ROLLUP if name in self.model_fields_set]:
            raise ConfigurationError(
                f"Source {self.name} is rolled up and sets {', '.join(written)}.",
                valid="A rolled-up source has files, columns, value, dimensions, dedupe and future_tolerance_hours.",
                remedy="Remove them, or leave out rollup.",
            )
        if self.dedupe == "day":
            raise UnknownValueError(
                "dedupe of a rolled-up source", "day", ("id", "source+id", "id+timestamp"), f"Correct source {self.name}."
            )
        given = {**self.columns, **({"quantity": self.value} if self.value is not None else {})}
        for name, expression in given.items():
            if name not in _EVENT_COLUMNS:
                raise UnknownValueError(
                    "column of a rolled-up source", name, _EVENT_COLUMNS, f"Correct [sources.columns] of source {self.name}."
                )
            if not _COLUMN_NAME.fullmatch(expression) and (name, expression) != ("quantity", "1"):
                raise ConfigurationError(
                    f"Source {self.name} is rolled up, and its {name} is {expression}.",
                    valid="Valid: the name of a column, such as tokens or data.tokens; for quantity also 1, which counts events.",
                    remedy="Name a column of the files, or leave out rollup.",
                )

    @property
    def event_columns(self) -> dict[str, str]:
        """For a rolled-up source: the files' column for each canonical one; that of the quantity is empty to count events."""
        given = {**{name: name for name in _EVENT_COLUMNS}, **self.columns}
        if self.value is not None:
            given["quantity"] = self.value
        return {name: "" if expression == "1" else expression.replace('"', "") for name, expression in given.items()}

    @property
    def contract(self) -> Table:
        """The canonical table's contract."""
        return CANONICAL[self.table]

    @property
    def takes_canonical_names(self) -> bool:
        """Whether a file's column that carries a canonical name is taken without being mapped."""
        return self.preset is None and not self.history

    @property
    def mapping_digest(self) -> str:
        """Digest of everything that decides how a file's rows are read; which files there are is no part of it."""
        return digest([self.model_dump_json(exclude={"files"} if self.rollup else {"files", "rollup"})])
