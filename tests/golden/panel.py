"""Panels: revenue by account (and product, parent, segment) at some dates, in whichever shape a case writes them."""

import re
from dataclasses import dataclass, field
from typing import Any

from growthring.kernel.period import Month
from tests.golden.company import Company

_THEN = ("then", "t0", "before", "base", "year_ago", "arr_then", "mrr_then", "start", "prior", "arr_t0", "a_t0", "jan", "from")
_NOW = ("now", "t1", "after", "current", "arr_now", "mrr_now", "end", "t", "arr_t1", "a_t1", "to")
_MIDDLE = ("mid", "middle", "between", "half", "half_way", "mid_year")
_NAMES = {
    "account": ("account", "account_id", "customer", "customer_id", "id", "name", "logo", "acct"),
    "product": ("product", "product_id", "plan", "sku"),
    "parent": ("parent", "parent_id", "parent_account", "group", "ultimate_parent"),
    "segment": ("segment", "size", "tier"),
}
LAST = Month.parse("2026-01")
"""The month that "now" stands for when a panel has no dates."""


@dataclass
class Row:
    """One account's product with its revenue at the dates of the panel."""

    account: str
    product: str = "plan"
    parent: str | None = None
    segment: str | None = None
    amounts: dict[Month, Any] = field(default_factory=dict)


def month_of(label: Any) -> Month | None:
    """Read a column's label as the last month it stands for."""
    text = re.sub(r"^\w+_(then|now)$", r"\1", str(label).strip().lower())
    if quarter := re.fullmatch(r"(\d{4})[-_ ]?q([1-4])", text):
        return Month(int(quarter[1]) * 12 + int(quarter[2]) * 3 - 1)
    if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", text):
        return Month.parse(text)
    if dated := re.search(r"_(\d{4})[-_](\d{2})$", text):
        return Month.parse(f"{dated[1]}-{dated[2]}")
    if text in _NOW:
        return LAST
    if text in _THEN:
        return LAST - 12
    if text in _MIDDLE:
        return LAST - 6
    if since := re.fullmatch(r"(m|month_?|q|quarter_?)(\d{1,2})", text):
        return LAST - 12 + int(since[2]) * (3 if since[1].startswith("q") else 1)
    if shift := re.fullmatch(r"t?(?:-|_minus_)(\d+)", text):
        return LAST - int(shift[1])
    return None


def panel_rows(inputs: dict[str, Any]) -> list[Row]:
    """Find the panel in a case's inputs; an empty list when there is none."""
    labels = next(
        (inputs[key] for key in ("months", "dates", "periods", "quarters", "columns", "at") if isinstance(inputs.get(key), list)),
        [],
    )
    rows = _dates_first(inputs)
    if rows:
        return _placed(rows, inputs)
    for key, held in inputs.items():
        if isinstance(held, dict) and not (set(held) & set(labels)):
            inner = [each for name in ("months", "dates", "periods", "columns") if isinstance(each := held.get(name), list)]
            for each in held.values():  # a panel one level further down, with its own dates
                if inner and isinstance(each, dict | list) and each not in inner:
                    rows += _read(each, {}, inner[0])
            if inner:
                continue
        if key not in ("months", "dates", "periods", "quarters", "columns", "at", "parents", "segments", "points"):
            rows += _read(held, {}, labels)
    return _placed([row for row in rows if row.amounts], inputs)


def _placed(rows: list[Row], inputs: dict[str, Any]) -> list[Row]:
    for key, name in (("parents", "parent"), ("segments", "segment"), ("parent", "parent"), ("segment", "segment")):
        given = inputs.get(key)
        for row in rows:
            if isinstance(given, dict) and row.account in given:
                setattr(row, name, given[row.account])
    return rows


def _dates_first(inputs: dict[str, Any]) -> list[Row]:
    """Read a panel that is written date by date: each date with the amounts of its accounts."""
    for held in [inputs, *(each for each in inputs.values() if isinstance(each, dict))]:
        dated = {month: each for key, each in held.items() if (month := month_of(key)) and isinstance(each, dict)}
        if len(dated) > 1 and all(isinstance(amount, int | float) for each in dated.values() for amount in each.values()):
            accounts = list(dict.fromkeys(account for each in dated.values() for account in each))
            return [Row(account, amounts={month: each.get(account, 0) for month, each in dated.items()}) for account in accounts]
    return []


def mergers(inputs: dict[str, Any]) -> dict[str, str]:
    """Return which account was taken over by which, from a dictionary or words such as "B into A"."""
    found: dict[str, str] = {}
    for key, held in inputs.items():
        if not re.match(r"merge|acqui", key):
            continue
        for each in held if isinstance(held, list) else [held]:
            if isinstance(each, dict) and "into" in each:
                gone = next(value for name, value in each.items() if name != "into" and isinstance(value, str))
                found[gone] = each["into"]
            elif isinstance(each, dict):
                found |= {str(one): str(other) for one, other in each.items() if isinstance(other, str)}
            elif isinstance(each, str) and (words := re.search(r"(\w+) (?:merged |merges |is merged )?into (\w+)", each)):
                found[words[1]] = words[2]
    return found


def _read(held: Any, path: dict[str, Any], labels: list[Any]) -> list[Row]:
    if isinstance(held, list):
        if held and all(isinstance(each, dict) for each in held):
            return [row for each in held for row in _record(each, path, labels)]
        if held and all(isinstance(each, list) for each in held):
            return [row for each in held for row in _record(dict(zip(map(str, labels), each, strict=False)), path, labels)]
        months = [month for label in labels if (month := month_of(label))] or [
            LAST - back for back in range(len(held) - 1, -1, -1)
        ]
        if path and len(months) == len(held) and all(each is None or isinstance(each, int | float) for each in held):
            return [Row(**path, amounts=dict(zip(months, held, strict=True)))]
        return []
    if isinstance(held, dict):
        return _record(held, path, labels)
    return []


def _record(held: dict[str, Any], path: dict[str, Any], labels: list[Any]) -> list[Row]:
    named = {name: next((held[key] for key in keys if isinstance(held.get(key), str)), None) for name, keys in _NAMES.items()}
    place = {**path, **{name: value for name, value in named.items() if value is not None}}
    amounts = {
        month: value
        for key, value in held.items()
        if (month := month_of(key)) and (value is None or isinstance(value, int | float))
    }
    if amounts and "account" in place:
        return [Row(**place, amounts=amounts)]
    rows: list[Row] = []
    for key, inner in held.items():
        if isinstance(inner, dict | list):
            reserved = str(key).lower() in (
                "revenue",
                "arr",
                "mrr",
                "amounts",
                "values",
                "products",
                "accounts",
                "rows",
                "panel",
            ) or key in held.get("months", [])
            deeper = (
                place
                if reserved or str(key).startswith("panel")
                else {**place, ("product" if "account" in place else "account"): str(key)}
            )
            rows += _read(inner, deeper, labels or held.get("months", []))
    return rows


def company_of(rows: list[Row], merged: dict[str, str] | None = None, *, quarters: bool = False) -> tuple[Company, Month]:
    """Turn a panel into monthly invoice lines: an amount holds until the panel looks again; returns the last month too."""
    company = Company()
    looks = sorted({month for row in rows for month in row.amounts})
    for row in rows:
        for at, month in enumerate(looks):
            amount = row.amounts.get(month) or 0
            following = looks[at + 1] if at + 1 < len(looks) else month + 1
            for index in range(month.index - 2 * quarters, month.index + 1 if quarters else following.index):
                if amount:
                    company.month(row.account, Month(index), amount, product_id=row.product)
    add_accounts(company, rows, merged)
    return company, looks[-1]


def add_accounts(company: Company, rows: list[Row], merged: dict[str, str] | None = None) -> None:
    """Add the accounts of a panel with their parents and segments."""
    first = LAST.first_day.replace(year=2000)
    for account, parent in sorted({(row.account, row.parent or "") for row in rows}):
        above = parent if parent and parent != account else None
        company.add("account", account_id=account, name=account, parent_account_id=above, valid_from=first,
                    merged_into_account_id=(merged or {}).get(account),
                    merged_on=(LAST - 6).first_day if account in (merged or {}) else None)  # fmt: skip
    for account, segment in sorted({(row.account, row.segment) for row in rows if row.segment}):
        company.add("account_attribute", account_id=account, attribute="segment", value=segment, valid_from=first)
