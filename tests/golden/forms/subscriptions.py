"""Subscriptions: one or a few of one customer, and what becomes of them."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from growthring.kernel.period import Month
from growthring.revenue import rates
from tests.golden.cases import Case
from tests.golden.company import Company, movements, mrr, value
from tests.golden.figures import figures
from tests.golden.forms import form, has
from tests.golden.words import policy_of

_START = date(2024, 1, 1)
_AT = Month.parse("2024-06")


@form("steps of one customer's subscriptions", lambda case: any("step" in each for each in _dicts(case.inputs.get("events"))))
def steps(case: Case) -> dict[str, Any]:
    """Each step happens in the month after the effect of the one before, so that the ledger's months follow the steps."""
    company, running, day = Company(), {}, _START
    for event in case.inputs["events"]:
        if event["event"] in ("subscribe", "upgrade", "start"):
            months = event.get("period_months") or (12 if "year" in event["plan"].lower() else 1)
            running[event["plan"]] = (event, day, months)
            day = _plus(day, 1)
        else:
            begun, since, months = running.pop(event["plan"])
            asked = day + timedelta(days=14)
            paid_to = next(end for count in range(1, 99) if (end := _plus(since, months * count)) > asked)
            _subscribe(company, begun, since, months, paid_to, asked)
            day = _plus(paid_to if not case.says("churn_time: (immediate|request|at)") else day, 1)
    for begun, since, months in running.values():
        _subscribe(company, begun, since, months, None, None)
    ledger = company.ledger(policy_of(case, "chartmogul", evidence="contracts"), Month.of(day))
    return {"movements": [{"step": number, **line} for number, line in enumerate(movements(ledger), 1)]}


def _subscribe(company: Company, event: dict[str, Any], since: date, months: int, ends: date | None, asked: date | None) -> None:
    amount = event.get("billed") or Decimal(str(event["unit"])) * event.get("qty", 1)
    company.line("customer", amount, since, ends, product_id=event["plan"], interval_count=months, quantity=event.get("qty"),
                 cancel_requested_on=asked)  # fmt: skip


def _count_and_action(inputs: dict[str, Any]) -> tuple[int, str] | None:
    count = next((held for key, held in inputs.items() if "subscriptions" in key and isinstance(held, int)), None)
    action = next((held for held in inputs.values() if isinstance(held, str) and "cancel" in held), None)
    return (count, action) if count and action else None


@form("subscriptions of one customer, cancelled one by one", lambda case: _count_and_action(case.inputs) is not None)
def cancelled(case: Case) -> dict[str, Any]:
    count, action = _count_and_action(case.inputs) or (0, "")
    company, price = Company(), next(held for key, held in case.inputs.items() if re.search("mrr|price|each", key))
    ends = count if re.search("both|all|every", action) else 1
    for number in range(count):
        day = date(2024, 5, 1) if number >= ends else (_AT + number).first_day.replace(day=10)
        company.line("customer", price, _START, None, product_id=f"plan {number}",
                     cancel_requested_on=day if number < ends else None)  # fmt: skip
    through = _AT + count
    ledger = company.ledger(policy_of(case, "stripe"), through)
    lines = movements(ledger, [_AT + shift for shift in range(count)])
    first = lines[0] if lines else {}
    flat = figures(ledger, case.expected, _AT)
    kind = {"type": first.get("type"), "movement": first.get("type")}
    moved = {"mrr": first.get("mrr")} if kind.keys() & case.expected.keys() else {}
    return {**flat, **kind, **moved, "movements": [{"order": number, **line} for number, line in enumerate(lines, 1)]}


@form("a list price and a coupon", lambda case: "coupon" in case.inputs and "list_mrr" in case.inputs)
def coupon(case: Case) -> dict[str, Any]:
    price, given = Decimal(str(case.inputs["list_mrr"])), case.inputs["coupon"]
    off = price * Decimal(str(given["percent_off"])) / 100 if "percent_off" in given else Decimal(str(given["amount_off"]))
    lasting = re.search("forever|for ever|recurring", str(given.get("duration", "forever"))) is not None
    company = Company()
    company.line("customer", price, _START, **{"recurring_discount" if lasting else "one_off_discount": off})
    return figures(company.ledger(policy_of(case, evidence="contracts"), _AT), case.expected, _AT)


@form("items of a subscription and a coupon on the whole", has("items", "coupon"))
def allocated(case: Case) -> dict[str, Any]:
    items, given = case.inputs["items"], case.inputs["coupon"]
    months = {"yearly": 12, "annual": 12, "quarterly": 3, "monthly": 1}
    cycle = next(key for key in items[0] if key in months)
    amounts = [Decimal(str(item[cycle])) for item in items]
    whole = (
        Decimal(str(given["amount_off"])) if "amount_off" in given else sum(amounts) * Decimal(str(given["percent_off"])) / 100
    )
    company = Company()
    for item, amount, off in zip(items, amounts, rates.allocate_discount(whole, amounts, "USD"), strict=True):
        company.line(
            "customer",
            amount,
            _START,
            product_id=item["id"],
            interval_count=months[cycle],
            recurring_discount=off,
            contract="one",
        )
    views = {}
    for name, discounts in (("contract", "none"), ("billed", "all")):
        ledger = company.ledger(policy_of(case, evidence="contracts", discounts=discounts), _AT)
        rows = ledger.connection.execute("SELECT product_id, recurring_amount FROM panel WHERE month = ?", [_AT.index]).fetchall()
        views[name] = {**dict(rows), "": mrr(ledger, _AT)}
    views["discount"] = {key: views["contract"][key] - views["billed"][key] for key in views["contract"]}
    by_item = {item["id"]: {name: held[item["id"]] for name, held in views.items()} for item in items}
    return {**{f"{name}_mrr": held[""] for name, held in views.items()}, "by_item": by_item}


@form("a plan with add-ons and a discount", lambda case: "plan" in case.inputs and isinstance(case.inputs["plan"], int | float))
def components(case: Case) -> dict[str, Any]:
    company, off = Company(), Decimal(str(case.inputs.get("discount", case.inputs.get("recurring_discount", 0))))
    limited = Decimal(str(case.inputs.get("one_time_discount", case.inputs.get("one_off_discount", 0))))
    for key, amount in case.inputs.items():
        if "discount" in key or "coupon" in key or not isinstance(amount, int | float):
            continue
        kind = (
            "one_off"
            if re.search(r"non_recurring|one_(time|off)|setup|service", key)
            else "usage"
            if re.search("meter|usage", key)
            else "recurring"
        )
        discounts = {"recurring_discount": off, "one_off_discount": limited} if key == "plan" else {}
        company.line("customer", amount, _START, product_id=key, kind=kind, **discounts)
    return figures(company.ledger(policy_of(case, evidence="contracts"), _AT), case.expected, _AT)


_INTERVALS = {"daily": "day", "day": "day", "weekly": "week", "week": "week", "monthly": "month", "month": "month",
              "quarterly": "quarter", "quarter": "quarter", "yearly": "year", "annual": "year", "year": "year"}  # fmt: skip
_CHARGE = re.compile(r"(daily|weekly|monthly|quarterly|yearly|annual)(_(charge|price|plan|amount))?")


@form(
    "charges per day, week, month, quarter or year",
    lambda case: (
        (any(_CHARGE.fullmatch(key) for key in case.inputs) or "interval" in case.inputs)
        and not any(re.match(r"\d{4}-\d{2}", str(held)) for held in case.inputs.values())
    ),
)
def normalised(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, amount in case.inputs.items():
        if match := _CHARGE.fullmatch(key):
            found[f"{match[1]}_mrr"] = _monthly(case, amount, _INTERVALS[match[1]], 1)
    if "interval" in case.inputs:
        price = next(held for key, held in case.inputs.items() if key in ("price", "amount", "unit_amount", "charge"))
        found["mrr"] = _monthly(case, price, _INTERVALS[case.inputs["interval"]], case.inputs.get("interval_count", 1))
    single = next(iter(found.values()))
    found.setdefault("mrr", single)
    return {**found, **({"arr": 12 * single} if "arr" in case.expected else {})}


def _monthly(case: Case, amount: Any, interval: str, count: int) -> Decimal:
    company = Company()
    company.line("customer", amount, _START, billing_interval=interval, interval_count=count)
    return mrr(company.ledger(policy_of(case, evidence="contracts"), _AT), _AT)


@form("a customer that joined and left", has("joined", "churned"))
def joined_and_left(case: Case) -> dict[str, Any]:
    company, joined, left = Company(), date.fromisoformat(case.inputs["joined"]), date.fromisoformat(case.inputs["churned"])
    amount = next(held for key, held in case.inputs.items() if "mrr" in key or key == "price")
    company.line("customer", amount, joined, left)
    at = Month.of(left)
    return figures(company.ledger(policy_of(case, evidence="contracts"), at + 1), case.expected, at)


@form("a customer that left and came back after a gap", lambda case: any(key.startswith("gap") for key in case.inputs))
def came_back(case: Case) -> dict[str, Any]:
    gap = next(key for key in case.inputs if key.startswith("gap"))
    left = _AT.first_day
    back = left + timedelta(days=case.inputs[gap]) if "day" in gap else _plus(left, case.inputs[gap])
    company, before = Company(), case.inputs.get("mrr_before", case.inputs.get("mrr"))
    company.line("customer", before, _START, left)
    company.line("customer", case.inputs.get("mrr_after", before), back)
    ledger = company.ledger(policy_of(case, evidence="contracts", grain="event", same_period="gross"), Month.of(back))
    line = movements(ledger)[-1]
    return {**figures(ledger, case.expected, Month.of(back)), "type": line["type"], "mrr": line["mrr"], "movement": line["type"]}


@form("a subscription on hold", lambda case: re.search("hold|pause", str(case.inputs.get("status", ""))) is not None)
def on_hold(case: Case) -> dict[str, Any]:
    company = Company()
    company.line("customer", case.inputs["mrr"], _START, paused_from=_AT.first_day.replace(day=10))
    ledger = company.ledger(policy_of(case, evidence="contracts"), _AT)
    return {**figures(ledger, case.expected, _AT), "mrr": mrr(ledger, _AT)}


@form("customers that left by choice and not by choice", has("voluntary", "involuntary"))
def by_reason(case: Case) -> dict[str, Any]:
    company = Company()
    for kind, reasons in (("voluntary", (None, "too expensive")), ("involuntary", ("not_paid",))):
        group = case.inputs[kind]
        for number in range(group["customers"]):
            company.line(f"{kind} {number}", group["mrr_each"], _START, None, cancelled_on=_AT.first_day.replace(day=10),
                         cancel_reason=reasons[number % len(reasons)])  # fmt: skip
    return figures(company.ledger(policy_of(case, "chargebee"), _AT), case.expected, _AT)


@form("a contract and an upsell in the middle of its term", has("contract", "upsell"))
def coterm(case: Case) -> dict[str, Any]:
    base, more = case.inputs["contract"], case.inputs["upsell"]
    months, left = base.get("term_months", 12), more.get("months_left", 6)
    end, begins = _plus(_START, months), _plus(_START, months - left)
    company = Company()
    for held, starts in ((base, _START), (more, begins)):
        count = held.get("licences", held.get("licenses", held.get("seats", 1)))
        price = Decimal(str(held["unit_month"] if "unit_month" in held else Decimal(str(held["unit_year"])) / 12))
        company.line("customer", price * count, starts, end, quantity=count, product_id="licences")
    ledger = company.ledger(policy_of(case, evidence="contracts"), Month.of(end))
    at, before = Month.of(begins), Month.of(begins) - 1
    grown = Decimal(str(value(ledger, "expansion_mrr", at)))
    upsell = Decimal(str(value(ledger, "arr", at))) - Decimal(str(value(ledger, "arr", before)))
    return {**figures(ledger, case.expected, at), "base_acv": value(ledger, "arr", before),
            "base_arr": value(ledger, "arr", before), "upsell_arr": upsell,
            "upsell_prorated_booking": rates.booked_amount(grown, left), "arr_after": value(ledger, "arr", at)}  # fmt: skip


@form("the value of a contract's segment and its dates", has("segment_value", "start", "end"))
def segment(case: Case) -> dict[str, Any]:
    starts, ends = date.fromisoformat(case.inputs["start"]), date.fromisoformat(case.inputs["end"])
    company, at = Company(), Month.of(starts)
    company.invoice("customer", case.inputs["segment_value"], starts, ends)
    days = rates.term_days(starts, ends)
    ledger = company.ledger(policy_of(case), at)
    return {**figures(ledger, case.expected, at), "days": days, "months": rates.term_months(days)}


@form("a signature, a start of service and a date set by hand", has("contract_date", "segment_start"))
def arr_start(case: Case) -> dict[str, Any]:
    signed, starts = (date.fromisoformat(case.inputs[key]) for key in ("contract_date", "segment_start"))
    override = case.inputs.get("override")
    by_hand = date.fromisoformat(override) if override else None
    company = Company()
    company.line("customer", 100, by_hand or starts, signed_on=by_hand or signed)
    basis = "live" if case.says("live") and not case.says("signing") else "contracted"
    ledger = company.ledger(policy_of(case, evidence="contracts", basis=basis), Month.of(starts))
    found = ledger.connection.execute("SELECT MIN(starts_on) FROM rate_segment").fetchone()
    return {"arr_start": str(found[0]) if found else None}


@form("a plan before and a plan after", lambda case: _plan_move(case.inputs) is not None)
def plan_move(case: Case) -> dict[str, Any]:
    """A customer moves from one plan to another; product views show a transfer, the company only what is left over."""
    old, then, new, now = _plan_move(case.inputs) or ("", 0, "", 0)
    company = Company()
    for at, plan, amount in ((_AT - 1, old, then), (_AT, new, now)):
        company.month("customer", at, amount, product_id=plan)
    company.month("other", _AT - 1, 100, product_id="another plan")
    company.month("other", _AT, 100, product_id="another plan")
    ledger = company.ledger(policy_of(case), _AT)
    moved = ledger.connection.execute(
        "SELECT SUM(movement_amount) FROM movement WHERE movement = 'transfer' AND movement_amount > 0"
    ).fetchone()
    return {**figures(ledger, case.expected, _AT), "transfer": (moved or [0])[0] or 0}


def _plan_move(inputs: dict[str, Any]) -> tuple[str, Any, str, Any] | None:
    for one, other in (("before", "after"), ("from", "to"), ("old", "new")):
        then, now = inputs.get(one), inputs.get(other)
        if isinstance(then, dict) and isinstance(now, dict) and "plan" in then and "plan" in now:
            return then["plan"], then.get("mrr", then.get("price")), now["plan"], now.get("mrr", now.get("price"))
        if f"{one}_plan" in inputs and f"{one}_mrr" in inputs:
            return inputs[f"{one}_plan"], inputs[f"{one}_mrr"], inputs[f"{other}_plan"], inputs[f"{other}_mrr"]
    return None


def _plus(day: date, months: int) -> date:
    return (Month.of(day) + months).first_day.replace(day=day.day)


def _dicts(held: Any) -> list[dict[str, Any]]:
    return [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
