"""Invoices with service periods, credits, and seats added in the middle of a month."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from growthring.kernel.period import Month
from growthring.revenue import rates
from tests.golden.cases import Case
from tests.golden.company import Company, mrr
from tests.golden.figures import figures
from tests.golden.forms import form
from tests.golden.panel import month_of
from tests.golden.words import policy_of


@form(
    "an invoice, perhaps a credit note, and the days of service",
    lambda case: "invoice" in case.inputs and "service" in case.inputs,
)
def spread(case: Case) -> dict[str, Any]:
    starts, last = (date.fromisoformat(text) for text in case.inputs["service"].split(".."))
    ends = last + timedelta(days=1)
    amount, credit = Decimal(str(case.inputs["invoice"])), Decimal(str(case.inputs.get("credit_note", 0)))
    policy = policy_of(case, basis="recognised", credits="dated")
    views: dict[str, dict[str, Decimal]] = {}
    for name, lines in (("invoice", [amount]), ("credit_note", [credit]), ("net", [amount, credit])):
        company = Company()
        for line in lines:
            company.invoice("customer", line, starts, ends, kind="recurring" if line >= 0 else "credit")
        ledger = company.ledger(policy, Month.of(last))
        rows = ledger.connection.execute("SELECT month, SUM(recurring_amount) FROM panel GROUP BY 1 ORDER BY 1").fetchall()
        views[name] = {str(Month(month)): held for month, held in rows}
    as_of = next(
        (month for key in ("as_of", "asof", "as_of_month") if (month := month_of(case.inputs.get(key, "")))), Month.of(last)
    )
    schedule = rates.recognised_by_month(amount + credit, starts, ends, "USD")
    by_month, net = views["invoice"], views["net"]
    recognised = sum((held for label, held in net.items() if Month.parse(label) <= as_of), Decimal(0))
    return {
        "months": list(net), "net_sum": sum(net.values()), "sum": sum(net.values()), "total": sum(net.values()),
        "invoice_by_month": by_month, "by_month": net, "net_by_month": net, "credit_by_month": views["credit_note"],
        "revenue_by_month": net, "deferred": rates.deferred_amount(schedule, as_of), "recognised": recognised,
        "recognized": recognised, **net,
    }  # fmt: skip


_SEAT = r"(seat|unit|plan|list|full)_?(price|mrr|month\w*|amount)|price|monthly_price"


@form(
    "a seat added in the middle of a month",
    lambda case: any(
        re.search("prorat|mid", f"{key} {held}") and not isinstance(held, dict | list) for key, held in case.inputs.items()
    ),
)
def midcycle(case: Case) -> dict[str, Any]:
    """The invoice line of the part of the month after the change."""
    prices = [held for key, held in case.inputs.items() if isinstance(held, int | float) and re.fullmatch(_SEAT, key)]
    billed = next((held for key, held in case.inputs.items() if "prorat" in key and isinstance(held, int | float)), None)
    month = Month.parse("2025-06")
    days = [held for held in case.inputs.values() if isinstance(held, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", held)]
    added = next((date.fromisoformat(held) for held in days),
                 date(2025, 6, 16))  # fmt: skip
    month = Month.of(added)
    if billed is None:
        whole = dict(rates.recognised_by_month(Decimal(str(prices[0])), month.first_day, (month + 1).first_day, "USD"))
        days = (month.last_day - added).days + 1
        billed = whole[month] * days / ((month + 1).first_day - month.first_day).days
    company = Company()
    for key, held in case.inputs.items():
        if re.fullmatch(r"(base|existing|current)\w*mrr|base|mrr", key):
            company.month("customer", month, held)
    company.invoice("customer", billed, added, (month + 1).first_day, product_id="seat")
    ledger = company.ledger(policy_of(case, "recurly"), month)
    rows = ledger.connection.execute(
        "SELECT SUM(recurring_amount) FROM panel WHERE product_id = 'seat' AND month = ?", [month.index]
    ).fetchone()
    found = {
        key: (rows or [None])[0] for key in case.expected if re.search("add|prorat|seat|increase|delta|change|first_month", key)
    }
    return {"mrr": mrr(ledger, month), **figures(ledger, case.expected, month), **found}


@form(
    "a monthly charge and a credit or refund",
    lambda case: any(re.match("credit|refund", key) for key in case.inputs) and "invoice" not in case.inputs,
)
def credited(case: Case) -> dict[str, Any]:
    key = next(key for key in case.inputs if re.match("credit|refund", key))
    held = case.inputs[key]
    amount = abs(
        Decimal(
            str(
                next((each for each in held.values() if isinstance(each, int | float) and not isinstance(each, bool)), 0)
                if isinstance(held, dict)
                else held
            )
        )
    )
    text = f"{case.inputs} {case.policy}".lower()
    dated = (
        re.search(r"has_dates': false|dated': false|undated|without (service )?(start|date|period)|no (service )?date", text)
        is None
    )
    month, company = Month.parse("2025-06"), Company()
    price = next(
        each for name, each in case.inputs.items() if name != key and isinstance(each, int | float) and not isinstance(each, bool)
    )
    yearly = re.search("annual|year", " ".join(case.inputs)) is not None
    company.invoice("customer", price, month.first_day, (month + (12 if yearly else 1)).first_day)
    period = (month.first_day, (month + 1).first_day) if dated else (None, None)
    company.invoice("customer", -amount, *period, kind="credit", issued_on=month.first_day)
    ledger = company.ledger(policy_of(case), month)
    return {**figures(ledger, case.expected, month), "mrr": mrr(ledger, month)}


@form("invoices with their days of service", lambda case: bool(_invoices(case)))
def invoices(case: Case) -> dict[str, Any]:
    """Lines at the price of their period, looked at in the month of the last one's start."""
    company, lines = Company(), _invoices(case)
    for customer, amount, starts, last in lines:
        company.invoice(customer, amount, starts, last + timedelta(days=1) if last >= starts else last)
    through = Month.of(max(last for *_, last in lines))
    ledger = company.ledger(policy_of(case), through)
    at = Month.of(max(starts for _, _, starts, _ in lines))
    by_month = {key: figures(ledger, held, month) if isinstance(held, dict) else mrr(ledger, month)
                for key, held in case.expected.items() if (month := month_of(key))}  # fmt: skip
    return {**figures(ledger, [key for key in case.expected if key not in by_month], at), **by_month}


def _invoices(case: Case) -> list[tuple[str, Any, date, date]]:
    found = []
    for row in case.inputs.get("invoices", []) if isinstance(case.inputs.get("invoices"), list) else []:
        days = sorted(held for held in row.values() if isinstance(held, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", held))
        amount = next((held for key, held in row.items() if re.search("amount|total|price|net", key)), None)
        if len(days) >= 2 and amount is not None:
            found.append(
                (
                    str(row.get("customer", row.get("account", "customer"))),
                    amount,
                    date.fromisoformat(days[-2]),
                    date.fromisoformat(days[-1]),
                )
            )
    return found
