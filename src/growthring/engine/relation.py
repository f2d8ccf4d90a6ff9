"""Relations: named SQL statements in the DuckDB dialect, the one definition of everything that is computed.

A relation lives in a ``.sql`` file beside the Python module that chooses it. Its parameters are written ``$name``; binding
replaces them with literals, so that the statement which runs is the statement which is shown.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TypeAlias

from growthring.kernel.errors import UnknownValueError

Literal: TypeAlias = str | int | bool | Decimal | date | datetime | None

_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Relation:
    """A bound statement that defines the table of its name.

    Attributes:
        name: The table it defines; other relations read it under this name.
        sql: DuckDB-dialect SELECT without parameters.
        is_light: It only names what other tables hold, so that it is read through rather than stored.
    """

    name: str
    sql: str
    is_light: bool = False


def literal(value: Literal) -> str:
    """Write a value as a SQL literal that every engine reads the same way.

    Example:
        >>> literal("O'Hara"), literal(Decimal("1.10")), literal(date(2011, 11, 30)), literal(None)
        ("'O''Hara'", '1.10', "DATE '2011-11-30'", 'NULL')
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime():
            return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case int() | Decimal():
            return str(value)
        case str():
            return "'" + value.replace("'", "''").replace("\0", "\ufffd") + "'"  # no engine reads a NUL in a statement


def relation(package: str, name: str, values: Mapping[str, Literal] | None = None, *, called: str | None = None) -> Relation:
    """Load a relation's statement from a package and bind its parameters.

    Args:
        package: Package that holds the file, for instance ``growthring.revenue``.
        name: File name without ``.sql``.
        values: Values of the ``$parameters``; values that the statement does not use are ignored.
        called: Table name, when several statements can define the same table.

    Raises:
        UnknownValueError: The statement has a parameter without a value.
    """
    known = values or {}

    def bound(match: re.Match[str]) -> str:
        if match[1] not in known:
            raise UnknownValueError(f"parameter of {name}.sql", match[1], known)
        return literal(known[match[1]])

    return Relation(called or name, _PARAMETER.sub(bound, _text(package, name)))


@cache
def _text(package: str, name: str) -> str:
    return files(package).joinpath(f"{name}.sql").read_text().strip()


def compose(relations: Sequence[Relation], final: str) -> str:
    """Write one statement that computes a table from the canonical ones: the needed relations as a WITH chain.

    Args:
        relations: All relations in the order in which they build on one another.
        final: Name of the wanted table; relations it does not need are left out.
    """
    by_name = {each.name: each for each in relations}
    if final not in by_name:
        raise UnknownValueError("relation", final, by_name)
    needed: list[str] = []

    def visit(name: str) -> None:
        for other in by_name:
            if other != name and other not in needed and re.search(rf"\b(?:FROM|JOIN)\s+{other}\b", by_name[name].sql):
                visit(other)
        needed.append(name)

    visit(final)
    steps = [f"{name} AS (\n{_indented(by_name[name].sql)}\n)" for name in by_name if name in needed and name != final]
    if not steps:
        return by_name[final].sql
    comment, own_steps, body = _parts(by_name[final].sql)
    return "WITH " + ",\n".join([*steps, *own_steps]) + "\n" + comment + body


def _parts(sql: str) -> tuple[str, list[str], str]:
    """Split a statement into its leading comment, its own WITH steps (as one text) and its SELECT."""
    lines = sql.splitlines()
    comments = [line for line in lines if line.startswith("--")]
    rest = "\n".join(line for line in lines if not line.startswith("--"))
    comment = "".join(f"{line}\n" for line in comments)
    if not rest.startswith("WITH "):
        return comment, [], rest
    start = rest.index("\nSELECT") + 1
    return comment, [rest[len("WITH ") : start].rstrip()], rest[start:]


def _indented(sql: str) -> str:
    return "\n".join(f"  {line}" for line in sql.splitlines())
