"""Histories of several customers: dated events, rows of subscriptions, usage by month, movements by month."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from growthring.kernel.period import Month
from tests.golden.cases import Case
from tests.golden.company import Company, movements, mrr
from tests.golden.figures import figures
from tests.golden.forms import form, has
from tests.golden.panel import month_of
from tests.golden.words import policy_of


def _rows_of(case: Case) -> list[list[Any]] | None:
    held = next((case.inputs[key] for key in ("events", "history", "log") if isinstance(case.inputs.get(key), list)), None)
    if not held:
        return None
    if all(isinstance(row, dict) for row in held):
        keys = (
            ("date", "at", "on", "day"),
            ("customer", "account", "id", "customer_id"),
            ("event", "type", "kind"),
            ("mrr", "amount", "value", "mrr_cents"),
        )
        held = [[next((row[key] for key in names if key in row), None) for names in keys] for row in held]
    return held if all(len(row) >= 3 and re.match(r"\d{4}-\d{2}-\d{2}", str(row[0])) for row in held) else None


@form("dated events of customers", lambda case: _rows_of(case) is not None)
def events(case: Case) -> dict[str, Any]:
    """Each event ends the price before it and begins another; a pause is a pause of the price that runs."""
    company, running, last = Company(), {}, date(1, 1, 1)
    for text, customer, event, *rest in sorted(_rows_of(case) or []):
        day, amount, last = (
            date.fromisoformat(str(text)[:10]),
            rest[0] if rest else 0,
            max(last, date.fromisoformat(str(text)[:10])),
        )
        since, price = running.pop(customer, (None, 0))
        if "pause" in event and "un" not in event:
            running[customer] = (since, price)
            company.add("account", account_id=customer, valid_from=day, name=customer)
            _pause(running, customer, day)
            continue
        if since is not None and "resum" not in event:
            _line(company, customer, price, since, day)
        if re.match("resum|unpause", event):
            begun, paused = since, running.pop((customer, "paused"), None)
            _line(company, customer, price, begun, day, paused_from=paused, paused_to=day)
            amount = amount or price
        if not re.match("churn|cancel|end", event):
            running[customer] = (day, amount)
    for customer, held in running.items():
        if isinstance(customer, str):
            _line(company, customer, held[1], held[0], None, paused_from=running.get((customer, "paused")))
    months = [month for key in case.expected if (month := month_of(key))]
    through = max([*months, Month.of(last)])
    grain = {} if case.says("month.end|snapshot") else {"grain": "event", "same_period": "gross"}
    grain |= {} if case.says("pause|hold") else {"pause": "churn"}
    return _by_month(case, company, through, evidence="contracts", **grain)


def _pause(running: dict[Any, Any], customer: str, day: date) -> None:
    running[customer, "paused"] = day


def _line(company: Company, customer: str, price: Any, since: Any, until: date | None, **pause: Any) -> None:
    if until is None or since < until:
        company.line(customer, price, since, until, contract=f"subscription of {customer}", **pause)


def _by_month(case: Case, company: Company, through: Month, **given: Any) -> dict[str, Any]:
    ledger = company.ledger(policy_of(case, **given), through)
    found: dict[str, Any] = {}
    for key, held in case.expected.items():
        month = month_of(key)
        if month is not None:
            found[key] = figures(ledger, held, month) if isinstance(held, dict) else mrr(ledger, month)
        elif isinstance(held, dict):
            found[key] = {
                label: figures(ledger, [key], at)[key] for label in held if (at := month_of(label)) and figures(ledger, [key], at)
            }
    return {**figures(ledger, [key for key in case.expected if key not in found], through), **found}


_COLUMNS = {
    "customer": r"customer(_id)?|account(_id)?",
    "start": r"(.*_)?(start|starts|started|from|begin|begins|began|activated|joined|created)(_\w+)?",
    "end": r"(.*_)?(end|ends|ended|to|until|lapse|lapsed|lapses|cancelled|canceled|churned|stopped|expired)(_\w+)?",
    "amount": r"mrr|(monthly|price|amount|value)(_\w+)?",
}  # fmt: skip


def _periods(case: Case) -> list[dict[str, Any]] | None:
    for held in case.inputs.values():
        rows = held if isinstance(held, list) else []
        if rows and isinstance(rows[0], list) and not isinstance(case.inputs.get("columns"), list) and len(rows[0]) in (4, 5):
            rows = [dict(zip(("id", "customer", "start", "end", "amount")[5 - len(row) :], row, strict=True)) for row in rows]
        elif rows and isinstance(rows[0], list):
            rows = [dict(zip(case.inputs.get("columns", []), row, strict=False)) for row in rows]
        read = [_period(row) for row in rows if isinstance(row, dict)]
        if read and all(each is not None for each in read):
            return [each for each in read if each]
    nested = [held for held in case.inputs.values() if isinstance(held, dict)]
    single = next((found for held in [case.inputs, *nested] if (found := _period(held))), None)
    return [single] if single else None


def _period(row: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for name, pattern in _COLUMNS.items():
        fits = [held for key, held in row.items() if re.fullmatch(pattern, str(key).lower())]
        found[name] = next((held for held in fits if _reads(name, held)), None)
    if found["start"] is None and found["end"]:
        found["start"] = str((Month.parse(found["end"]) - 3).first_day)
    return found if found["start"] and found["amount"] is not None else None


def _reads(name: str, held: Any) -> bool:
    if name in ("start", "end"):
        return isinstance(held, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", held) is not None
    return isinstance(held, str | int) if name == "customer" else isinstance(held, int | float)


@form(
    "subscriptions with a start, an end and a monthly price",
    lambda case: not {"segment_value", "invoices"} & set(case.inputs) and _periods(case) is not None,
)
def periods(case: Case) -> dict[str, Any]:
    company, last = Company(), Month(0)
    first_of_month = case.says(r"first.of.month|month.start|first day of the month")
    for row in _periods(case) or []:
        starts = date.fromisoformat(row["start"])
        ends = date.fromisoformat(row["end"]) if row["end"] else None
        if first_of_month:  # looked at on the first: what begins later in a month is seen in the next
            starts, ends = _next_first(starts), ends and _next_first(ends)
        last = max([last, Month.of(starts), *([Month.of(ends)] if ends else [])])
        _line(company, str(row["customer"] or "customer"), row["amount"], starts, ends)
    months = [month for key in case.expected if (month := month_of(key.split("->")[-1].split("→")[-1].split("..")[-1]))]
    months += [month for held in case.inputs.values() if isinstance(held, str) and (month := month_of(held))]
    at = max(months) if months else last
    ledger_at = max(at, last)
    found: dict[str, Any] = {}
    for key, held in case.expected.items():
        ends_with = month_of(re.split(r"->|→|\.\.|_to_", key)[-1])
        if isinstance(held, dict) and ends_with is not None:
            ledger = company.ledger(policy_of(case, evidence="contracts"), ledger_at)
            found[key] = figures(ledger, held, ends_with)
    if found:
        return found
    asked = next(
        (month for key in ("at", "month", "to", "end_month", "now") if (month := month_of(case.inputs.get(key, "")))), None
    )
    return _by_month(case, company, asked or at, evidence="contracts")


def _next_first(day: date) -> date:
    return day if day.day == 1 else (Month.of(day) + 1).first_day


@form("usage by month", has("usage_by_month"))
def usage(case: Case) -> dict[str, Any]:
    """The usage of a customer that has a subscription already: its first month of usage is growth."""
    company, first = Company(), Month.parse("2025-03")
    amounts = case.inputs["usage_by_month"]
    for index, amount in enumerate(amounts):
        company.month("customer", first + index, amount, kind="usage", product_id="usage")
    for index in range(-1, len(amounts)):
        company.month("customer", first + index, 100, product_id="plan")
    through = first + len(amounts) - 1
    window = next((int(size) for size in re.findall(r"n ?(?:<=|≤) ?(\d+)|last (\d+)", case.words) for size in size if size), 3)
    ledger = company.ledger(policy_of(case, basis="usage_smoothed", usage_window=window), through)
    rows = dict(
        ledger.connection.execute(
            "SELECT month, SUM(recurring_amount) FROM panel WHERE product_id = 'usage' GROUP BY 1"
        ).fetchall()
    )
    lines = movements(ledger, [first + index for index in range(len(amounts))])
    return {
        "usage_mrr": [rows.get((first + index).index, 0) for index in range(len(amounts))],
        "movements": [{**line, "source": line["product"]} for line in lines],
    }


@form("movements by month", lambda case: isinstance(case.inputs.get("new"), list) and isinstance(case.inputs.get("months"), list))
def movement_lists(case: Case) -> dict[str, Any]:
    """Movements laid out as customers: each loss has a customer that holds what is lost, each growth one that grows."""
    months = [Month.parse(label) for label in case.inputs["months"]]
    company = Company()
    for customer, since, until, amount in laid_out(case, months):
        for index in range(since.index, (until or months[-1] + 1).index):
            company.month(customer, Month(index), amount, product_id="plan")
    ledger = company.ledger(policy_of(case), months[-1])
    return {key: [figures(ledger, [key], month).get(key) for month in months] for key in case.expected}


def laid_out(case: Case, months: list[Month]) -> list[tuple[str, Month, Month | None, Decimal]]:
    """Return stretches of customers' revenue whose movements are the ones listed; a customer is new with a part of new."""
    lists = {name: [abs(Decimal(str(held)).quantize(Decimal("0.0001"))) for held in case.inputs.get(name, [0] * len(months))]
             for name in ("new", "expansion", "contraction", "churn", "reactivation")}  # fmt: skip
    gains = [[at, name, lists[name][at]] for at in range(len(months)) for name in ("new", "expansion") if lists[name][at]]
    takers = [(at, name, lists[name][at]) for at in range(len(months)) for name in ("churn", "contraction") if lists[name][at]]
    takers.append(
        (len(months), "stays", sum((gain[2] for gain in gains), Decimal(0)) - sum((each[2] for each in takers), Decimal(0)))
    )
    hosts = [number for number, taker in enumerate(takers) if taker[1] != "contraction"]
    seeds, rows = dict.fromkeys(hosts, _SEED if takers[-1][2] else Decimal(0)) | dict.fromkeys(hosts[:-1], _SEED), []
    for number, (at, name, wanted) in enumerate(takers):
        host = next(each for each in hosts if each >= number)
        left = wanted
        for gain in [gain for kind in ("new", "expansion") for gain in gains if gain[1] == kind and gain[0] < at]:
            kept = sum((seeds[each] for each in hosts if each > host or (each == host and name == "contraction")), Decimal(0))
            part = min(left, max(gain[2] - (kept if gain is gains[0] else 0), Decimal(0)))
            if part:
                rows.append((f"customer {host}", months[gain[0]], months[at] if at < len(months) else None, part))
                gain[2], left = gain[2] - part, left - part
    return rows


_SEED = Decimal("0.01")
"""What each customer keeps of the first new revenue, so that all it gains later is growth."""
