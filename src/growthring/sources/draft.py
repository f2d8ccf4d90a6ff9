"""A first mapping for a group of files that look the same, with every doubt beside the line it is about."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from growthring.sources.presets import Preset, recognise
from growthring.sources.profile import FileProfile
from growthring.sources.roles import ATTRIBUTE_NAMES, SPLITTING_NAMES, canonical_table, guess_roles, guess_table, normalised
from growthring.tables import CANONICAL

_COUNTRY_CURRENCY = {
    "united kingdom": "GBP",
    "uk": "GBP",
    "gb": "GBP",
    "germany": "EUR",
    "de": "EUR",
    "france": "EUR",
    "netherlands": "EUR",
    "spain": "EUR",
    "italy": "EUR",
    "japan": "JPY",
    "jp": "JPY",
    "china": "CNY",
    "canada": "CAD",
    "australia": "AUD",
    "switzerland": "CHF",
    "india": "INR",
}
_DESCRIPTIONS = ("account", "product")
"""Tables that ask for so little that a file must also have one row for each of them to be taken for one."""

_PERIODS = ("period_start", "period_end")


@dataclass
class Draft:
    """One `[[sources]]` entry in the making.

    Attributes:
        name: Source name.
        table: Canonical table.
        files: Patterns.
        preset: Preset, when one is recognised.
        types: Source column types.
        columns: Canonical column → expression.
        attributes: Account attribute → expression.
        within: Columns that separate copies of a line.
        history: Whether only changes are kept.
        doubts: What was unsure: the entry it is about (`columns.kind`, `table`) and a sentence.
        notes: Remarks that are no doubts.
    """

    name: str
    table: str
    files: list[str]
    preset: str | None = None
    types: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    within: list[str] = field(default_factory=list)
    history: bool = False
    doubts: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def draft_sources(name: str, files: list[str], profile: FileProfile) -> list[Draft]:
    """Return what the files of one shape probably are; empty when nothing fits.

    Args:
        name: Name for the source.
        files: Patterns relative to the project.
        profile: A look at one of the files.
    """
    if preset := recognise(profile.columns):
        return [_from_preset(name, files, preset, profile)]
    table = canonical_table(profile.columns)
    if table and (table not in _DESCRIPTIONS or "valid_from" in profile.columns or profile.unique(CANONICAL[table].key[0])):
        return [_from_canonical_names(name, files, table, profile)]
    roles = guess_roles(profile)
    guessed = guess_table(profile, roles)
    if guessed is None:
        return []
    draft = _from_roles(Draft(name, guessed, files), roles, profile)
    accounts = _accounts_of_lines(draft, roles, profile) if guessed == "invoice_line" else None
    return [draft, accounts] if accounts else [draft]


def _from_preset(name: str, files: list[str], preset: Preset, profile: FileProfile) -> Draft:
    draft = Draft(name, preset.table, files, preset=preset.name, notes=[preset.says])
    if preset.name.endswith("line_item_enhanced"):
        minor = any(word in name.lower() for word in ("stripe", "chargebee"))
        draft.preset = "fivetran_stripe_line_item_enhanced" if minor else "fivetran_line_item_enhanced"
        unit = "minor units (cents)" if minor else "major units"
        draft.doubts.append(("preset", f"Amounts of {name} are taken to be in {unit}; the columns do not say."))
    return draft


def _from_canonical_names(name: str, files: list[str], table: str, profile: FileProfile) -> Draft:
    draft = Draft(name, table, files, notes=["The columns carry the canonical names, so they need no mapping."])
    if table == "account":
        known = CANONICAL[table].column_names
        draft.attributes = {_snake(column): quoted(column) for column in profile.columns if column not in known}
    return draft


def _from_roles(draft: Draft, roles: Mapping[str, str], profile: FileProfile) -> Draft:
    table = CANONICAL[draft.table]
    roles = _borrowed(draft, dict(roles), profile)
    for column in table.columns:
        if column.name in roles and not (column.name in _PERIODS and not all(end in roles for end in _PERIODS)):
            draft.columns[column.name] = quoted(roles[column.name])
            _declare(draft, profile, roles[column.name], f"columns.{column.name}")
    draft.doubts.append(("table", f"{draft.name} looks like {table.name.replace('_', ' ')}s, judging by its column names."))
    if "amount" in table.column_names and "amount" not in draft.columns:
        draft.columns["amount"] = f"{quoted(roles['quantity'])} * {quoted(roles['unit_price'])}"
        draft.types |= {roles["quantity"]: "number", roles["unit_price"]: "number"}
    if "currency" in table.column_names and "currency" not in draft.columns:
        _guess_currency(draft, profile)
    if draft.table == "invoice_line":
        _guess_kind(draft, profile)
    if draft.table == "usage" and "meter" not in draft.columns:
        draft.columns["meter"] = f"'{_snake(roles['quantity'])}'"
        draft.doubts.append(("columns.meter", f"All rows of {draft.name} are taken to be of one meter."))
    _guess_key(draft, roles, profile)
    _name_unmapped(draft)
    return draft


def _borrowed(draft: Draft, roles: dict[str, str], profile: FileProfile) -> dict[str, str]:
    """Let a role stand in for the one a table asks for: a plain date dates usage, an invoice without a number is its day."""
    plain_id = next((name for name in profile.columns if normalised(name) == "id" and profile.unique(name)), None)
    if draft.table == "account" and "account_id" not in roles and plain_id:
        roles["account_id"] = plain_id
    tables: dict[str, dict[str, tuple[str, ...]]] = {
        "invoice_line": {"issued_on": ("used_at", "period_start"), "invoice_id": ("contract_id",)},
        "usage": {"used_at": ("issued_on", "period_start"), "meter": ("product_id",)},
        "fx_rate": {"rate_on": ("issued_on", "used_at")},
        "contract_line": {"contract_line_id": ("contract_id",), "contract_id": ("contract_line_id",)},
        "account": {"account_id": ("name",)},
    }
    for role, others in tables.get(draft.table, {}).items():
        other = next((name for name in others if name in roles), None)
        if role not in roles and other:
            roles[role] = roles[other]
            draft.doubts.append((f"columns.{role}", f"{roles[other]} is used as {role}; there is no column of that name."))
    return roles


def _declare(draft: Draft, profile: FileProfile, name: str, entry: str) -> None:
    column = profile.columns[name]
    canonical = CANONICAL[draft.table].column(entry.removeprefix("columns."))
    if canonical.type.value.startswith("DECIMAL"):
        draft.types[name] = "number"
    if canonical.type.value in ("DATE", "TIMESTAMP") and column.formats:
        kind = "timestamp" if "%H" in column.formats[0] else "date"
        draft.types[name] = f"{kind}:{column.formats[0]}"
        if len(column.formats) > 1:
            draft.doubts.append((f"types.{name}", f"Dates of {name} fit {' and '.join(column.formats)}; the first is used."))


def _guess_currency(draft: Draft, profile: FileProfile) -> None:
    countries = (column for column in profile.columns.values() if normalised(column.name) == "country")
    often = next((column.often for column in countries), "")
    code = _COUNTRY_CURRENCY.get(often.lower(), "USD")
    reason = f"most rows are from {often}" if often.lower() in _COUNTRY_CURRENCY else "nothing in the file says otherwise"
    draft.columns["currency"] = f"'{code}'"
    draft.doubts.append(
        ("columns.currency", f"There is no currency column in {draft.name}; {code} is a guess, because {reason}.")
    )


def _guess_kind(draft: Draft, profile: FileProfile) -> None:
    if "kind" in draft.columns:
        return
    served = "period_start" in draft.columns
    draft.columns["kind"] = "'recurring'" if served else "'usage'"
    reason = "they have a service period" if served else "they have a quantity and a price but no service period"
    draft.doubts.append(
        (
            "columns.kind",
            f"All lines of {draft.name} are taken as {'recurring' if served else 'usage'}, because {reason}; postage, fees and "
            "one-off lines need a CASE on the product.",
        )
    )


def _guess_key(draft: Draft, roles: Mapping[str, str], profile: FileProfile) -> None:
    """Make a key where the file has none: what names the line, a digest of the rest, and the number of the copy."""
    key = CANONICAL[draft.table].key[0]
    if draft.table not in ("invoice_line", "usage", "contract_line") or key in draft.columns:
        return
    draft.within = [
        column.name
        for column in profile.columns.values()
        if normalised(column.name) in SPLITTING_NAMES and column.distinct <= max(20, profile.rows // 100)
    ]
    naming = [roles[role] for role in ("invoice_id", "account_id", "product_id") if role in roles][
        : 2 if "invoice_id" in roles else 3
    ]
    rest = [name for name in profile.columns if name not in naming and name not in draft.within]
    digest = f"left(md5(concat_ws('|', {', '.join(quoted(name) for name in rest)})), 12)"
    parts = [*(quoted(name) for name in dict.fromkeys(naming)), *([digest] if rest else []), "_occurrence"]
    draft.columns = {key: f"concat_ws('-', {', '.join(parts)})", **draft.columns}
    draft.doubts.append((f"columns.{key}", f"{draft.name} has no column that names a row; one is made of the row itself."))
    if draft.within:
        names = " and ".join(draft.within)
        draft.doubts.append(
            ("occurrence_within", f"The same row under two values of {names} is taken as one; inside one value as two rows.")
        )


def _name_unmapped(draft: Draft) -> None:
    for column in CANONICAL[draft.table].columns:
        needed = column.required and column.default is None and column.name not in ("known_at", "source_file", "source_row")
        if needed and column.name not in draft.columns:
            draft.columns[column.name] = "''"
            draft.doubts.append((f"columns.{column.name}", f"No column of {draft.name} looks like {column.name}; fill this in."))


def _accounts_of_lines(lines: Draft, roles: Mapping[str, str], profile: FileProfile) -> Draft | None:
    """Make a second source of an invoice file that also describes customers."""
    described = [name for name in profile.columns if normalised(name) in ATTRIBUTE_NAMES]
    if not described and "name" not in roles:
        return None
    day = lines.columns["issued_on"]
    columns = {"account_id": lines.columns["account_id"], "valid_from": day}
    if "name" in roles:
        columns["name"] = quoted(roles["name"])
    types = {name: kind for name, kind in lines.types.items() if quoted(name) in columns.values()}
    draft = Draft(f"{lines.name}_accounts", "account", lines.files, types=types, columns=columns, history=True)
    draft.attributes = {_snake(name): quoted(name) for name in described}
    said = ", ".join([*described, *([roles["name"]] if "name" in roles else [])])
    draft.doubts.append(("table", f"{said} of {lines.name} is assumed to describe the customer, with history."))
    return draft


def quoted(name: str) -> str:
    """Return a column name as it must stand in an expression."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.lower() not in _RESERVED
    return name if plain else '"' + name.replace('"', '""') + '"'


_RESERVED = frozenset(
    [
        "all",
        "and",
        "as",
        "case",
        "column",
        "create",
        "default",
        "desc",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "for",
        "from",
        "group",
        "having",
        "in",
        "interval",
        "into",
        "is",
        "join",
        "left",
        "like",
        "limit",
        "natural",
        "not",
        "null",
        "offset",
        "on",
        "or",
        "order",
        "primary",
        "references",
        "right",
        "select",
        "table",
        "then",
        "to",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "values",
        "when",
        "where",
        "window",
        "with",
        "date",
        "time",
        "timestamp",
        "current_date",
    ]
)


def _snake(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^A-Za-z0-9]+", "_", spaced).strip("_").lower() or "attribute"


def all_doubts(drafts: Iterable[Draft]) -> list[str]:
    """Return the sentences of all doubts, in order."""
    return [sentence for draft in drafts for _, sentence in draft.doubts]
