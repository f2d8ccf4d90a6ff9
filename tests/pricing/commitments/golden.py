"""Worked cases of commitments and credits: each form of case answered by the references and by the relations."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa

from growthring.engine.executors import open_executor
from growthring.engine.relation import Relation
from growthring.kernel.currency import EXPONENT
from growthring.pricing.commitments import Charge, Commitment, commitment_charges, draw_down
from growthring.pricing.commitments.coupons import (
    allocation_chain,
    allocation_inputs,
    coupon_allocation,
    coupon_chain,
    coupon_discount,
    coupon_inputs,
)
from growthring.pricing.commitments.thresholds import all_thresholds, progressive_billing, threshold_chain, threshold_inputs
from growthring.pricing.commitments.timeline import Recurrence, TimedGrant, Timeline, Use, burn_timeline
from growthring.pricing.commitments.timeline_chain import timeline_chain, timeline_inputs
from tests.pricing.commitments.running import run_relations

Case = Mapping[str, Any]
Figures = dict[str, Any]
Answers = dict[str, Figures]

D = Decimal
ZERO = D(0)
DAY_ONE = date(2024, 1, 1)
START = datetime(2024, 1, 1)
METER = "meter"


def _decimal(value: object, default: str = "0") -> Decimal:
    return D(default) if value is None or value == "" else D(str(value))


def _money(value: Decimal, currency: str = "USD") -> Decimal:
    return value.quantize(D(1).scaleb(-EXPONENT.get(currency, 2)), rounding=ROUND_HALF_UP)


def _day(number: int) -> date:
    return DAY_ONE + timedelta(days=number)


def _charge(
    amount: Decimal, *, day: int = 0, kind: str = "usage", name: str = "c", quantity: Decimal = ZERO, currency: str = "USD"
) -> Charge:
    meter = METER if kind == "usage" else ""
    return Charge("a", "s", _day(day), _day(day + 1), name, kind, meter, quantity, amount, currency)


def _rows(tables: Mapping[str, pa.Table], chain: list[Relation], wanted: str) -> list[tuple[Any, ...]]:
    executor = open_executor("duckdb")
    for name, table in tables.items():
        executor.put(name, table)
    executor.run(chain)
    found = executor.fetch(wanted)
    executor.close()
    return found


# -- wallets ----------------------------------------------------------------------------------------------------------------


_KINDS = {"charge": "usage", "usage": "usage", "subscription": "fee", "fee": "fee", "add_on": "fee", "commitment": "fee"}


def _wallets(wallets: list[Mapping[str, Any]], currency: str) -> list[Commitment]:
    return [
        Commitment(
            str(each.get("id", place)),
            "a",
            "prepaid",
            DAY_ONE,
            _expiry(each),
            amount=_decimal(each.get("balance", each.get("amount"))),
            currency=currency,
            priority=int(each.get("priority", 50)),
            applies_to=",".join(_KINDS.get(name, name) for name in each.get("fee_types", each.get("applies_to", []))) or None,
            known_at=START + timedelta(seconds=place),
        )
        for place, each in enumerate(wallets)
    ]


def _expiry(grant: Mapping[str, Any]) -> date | None:
    days = grant.get("expires_days")
    return None if days is None else DAY_ONE + timedelta(days=int(_decimal(days)))


def _fees(case: Case) -> list[Charge]:
    tax = 1 + _decimal(case["price"].get("tax_pct")) * D("0.01")
    currency = case["price"].get("currency", "USD")
    if "fees" in case:
        listed = [(each.get("type", "charge"), _decimal(each["amount"])) for each in case["fees"]]
    else:
        listed = [("charge", _decimal(case.get("usage_amount", case.get("usage"))))]
    return [
        _charge(_money(amount * tax, currency), kind=_KINDS.get(name, "usage"), name=f"{name}-{place}", currency=currency)
        for place, (name, amount) in enumerate(listed)
    ]


def wallet_drawdown(case: Case) -> Answers:
    wallets = _wallets(case["price"].get("wallets") or [case["price"]], case["price"].get("currency", "USD"))
    charges = _fees(case)
    total = sum((each.amount for each in charges), ZERO)
    on = _day(1)
    reference = draw_down(wallets, charges, on)
    found = run_relations(wallets, charges, on)
    paid = [(each.commitment_id, each.drawn_amount) for each in reference.payments]
    rows = [(row["commitment_id"], row["drawn_amount"]) for row in found.drawdown]
    left = {key: value.balance for key, value in reference.balances.items()}
    rows_left = {row["commitment_id"]: row["balance"] for row in found.commitment_balance}
    return {"reference": _paid(paid, total, left), "sql": _paid(rows, total, rows_left)}


def _paid(payments: list[tuple[str, Decimal]], total: Decimal, left: dict[str, Decimal]) -> Figures:
    applied: dict[str, Decimal] = {}
    for name, amount in payments:
        applied[name] = applied.get(name, ZERO) + amount
    spent = sum(applied.values(), ZERO)
    return {"applied": applied, "due": total - spent, "balances": left, "total_applied": spent}


def wallet_sequence(case: Case) -> Answers:
    price = case["price"]
    currency = price.get("currency", "USD")
    places = int(price.get("round_each", EXPONENT.get(currency, 2)))
    tax = 1 + _decimal(price.get("tax_pct")) * D("0.01")
    used = [(_decimal(each) * tax).quantize(D(1).scaleb(-places), rounding=ROUND_HALF_UP) for each in case["usage_sequence"]]
    wallet = _wallets([{"id": "wallet", "balance": price["balance"]}], currency)
    charges = [_charge(amount, day=day, currency=currency) for day, amount in enumerate(used)]
    on = _day(len(used))
    paid = {each.charge.period_start: (each.drawn_amount, each.balance) for each in draw_down(wallet, charges, on).payments}
    rows = {row["period_start"]: (row["drawn_amount"], row["balance"]) for row in run_relations(wallet, charges, on).drawdown}
    opening = _decimal(price["balance"])
    return {"reference": _sequence(paid, len(used), opening), "sql": _sequence(rows, len(used), opening)}


def _sequence(paid: Mapping[date, tuple[Decimal, Decimal]], number: int, balance: Decimal) -> Figures:
    applied, balances = [], []
    for day in range(number):
        drawn, balance = paid.get(_day(day), (ZERO, balance))
        applied.append(drawn)
        balances.append(balance)
    return {"applied": applied, "balances": balances}


def wallet_scope_rounding(case: Case) -> Answers:
    """The wallet pays the fee and its tax, each rounded on its own."""
    price = case["price"]
    in_cents = price.get("unit") == "cents"
    scale = D("0.01") if in_cents else D(1)
    parts = [_money(_decimal(price[key]) * scale) for key in ("fee_precise", "fee_tax_precise") if key in price]
    wallet = _wallets([{"id": "wallet", "balance": price["balance"]}], "USD")
    charges = [_charge(part, name=f"c{place}") for place, part in enumerate(parts)]
    reference = sum((each.drawn_amount for each in draw_down(wallet, charges, _day(1)).payments), ZERO)
    sql = sum((row["drawn_amount"] for row in run_relations(wallet, charges, _day(1)).drawdown), ZERO)
    return {
        "reference": {"applied_cents": reference * 100, "applied": reference},
        "sql": {"applied_cents": sql * 100, "applied": sql},
    }


# -- grants of units --------------------------------------------------------------------------------------------------------


def _hours(value: object) -> timedelta:
    return timedelta(seconds=int((_decimal(value) * 3600).to_integral_value(rounding=ROUND_HALF_UP)))


def _instant(item: Mapping[str, Any], *names: str) -> datetime | None:
    """Read ``<name>_h``, ``<name>_days``, ``<name>_min`` or ``<name>_at`` as an instant after the start."""
    for name in names:
        for suffix, unit in (
            ("_h", D(1)),
            ("_hours", D(1)),
            ("_days", D(24)),
            ("_d", D(24)),
            ("_min", D(1) / 60),
            ("_m", D(1) / 60),
        ):
            if item.get(f"{name}{suffix}") is not None:
                return START + _hours(_decimal(item[f"{name}{suffix}"]) * unit)
        if isinstance(item.get(f"{name}_at"), str):
            return datetime.fromisoformat(item[f"{name}_at"].replace("Z", "+00:00")).replace(tzinfo=None)
    return None


def _first(item: Mapping[str, Any], *names: str) -> object:
    return next((item[name] for name in names if item.get(name) is not None), None)


def _grant(item: Mapping[str, Any], place: int, *, has_resets: bool) -> TimedGrant:
    never = TimedGrant("", ZERO, START).expires_at
    given = _first(item, "recur", "recurrence", "interval")
    recur = str(_first(given, "interval", "period", "every") if isinstance(given, Mapping) else given or "none").lower()
    named = {"hour": "hourly", "day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}
    most = _decimal(_first(item, "reset_max_rollover", "max_rollover", "rollover_max", "rollover_limit", "rollover"))
    least = _decimal(_first(item, "reset_min_rollover", "min_rollover", "rollover_min"))
    created = _instant(item, "created")
    return TimedGrant(
        grant_id=str(item.get("id", f"g{place + 1}")),
        amount=_decimal(item.get("amount")),
        effective_at=_instant(item, "effective", "start", "starts") or START,
        expires_at=_instant(item, "expires", "expire", "expiry", "end", "ends") or never,
        voided_at=_instant(item, "void", "voided"),
        priority=int(_decimal(item.get("priority"), "1")),
        created_at=(created or START) + timedelta(microseconds=place),
        recurrence=Recurrence(named.get(recur, recur)),
        rollover_min=least,
        rollover_max=most,
        carry_max=ZERO if has_resets or not item.get("recur", item.get("recurrence")) else _decimal(item.get("carry_max")),
    )


def _resets(case: Case) -> tuple[datetime, ...]:
    found = [*case.get("resets", case["price"].get("resets", []))]
    read = [START + _hours(each) if not isinstance(each, Mapping) else _instant({"at_h": each.get("h")}, "at") for each in found]
    single = _instant(case, "reset") or _instant(case["price"], "reset")
    return tuple(each for each in (*read, single) if each)


def grant_burndown_timeline(case: Case) -> Answers:
    resets = _resets(case)
    grants = tuple(_grant(each, place, has_resets=bool(resets)) for place, each in enumerate(case["price"]["grants"]))
    uses = tuple(
        Use(_used_at(each), _decimal(_first(each, "value", "amount", "usage", "quantity"))) for each in case.get("events", [])
    )
    if "usage" in case:
        uses += (Use(START, _decimal(case["usage"])),)
    last = max((*(use.used_at for use in uses), *resets, START)) + timedelta(minutes=1)
    until = _instant(case, "until") or last
    keeps = bool(_first(case, "preserve_overage") or _first(case["price"], "preserve_overage"))
    starts = min(START, *(each.effective_at for each in grants)) if grants else START
    timeline = Timeline("t", grants, uses, starts, until, resets, keeps)
    burned = burn_timeline(timeline)
    inputs = timeline_inputs([timeline])
    rows = {row[1]: row[2] for row in _rows(inputs.tables, timeline_chain(inputs), "timeline_balance")}
    owed = rows.pop("")
    return {
        "reference": {"balances": burned.balances, "overage": burned.overage, "balance": sum(burned.balances.values(), ZERO)},
        "sql": {"balances": rows, "overage": owed, "balance": sum(rows.values(), ZERO)},
    }


def _used_at(event: Mapping[str, Any]) -> datetime:
    return _instant({**event, "used_h": event.get("h"), "used_min": event.get("min")}, "used", "at") or START


def windowed_free_units(case: Case) -> Answers:
    """Each window's quota is a grant of units that expires with the window."""
    unit = _decimal(case["price"]["unit"])
    windows = case["price"].get("windows") or case["windows"]
    grants = [
        Commitment(f"w{day}", "a", "credit", _day(day), _day(day + 1), quantity=_decimal(each["quota"]), meter=METER)
        for day, each in enumerate(windows)
    ]
    charges = [
        _charge(_decimal(each["usage"]) * unit, day=day, quantity=_decimal(each["usage"])) for day, each in enumerate(windows)
    ]
    on = _day(len(windows))
    used = sum((each.quantity for each in charges), ZERO)
    rated = sum((each.amount for each in charges), ZERO)
    reference, found = draw_down(grants, charges, on), run_relations(grants, charges, on)
    covered = sum((each.drawn_quantity for each in reference.payments), ZERO)
    paid = sum((each.drawn_amount for each in reference.payments), ZERO)
    covered_sql = sum((row["drawn_quantity"] for row in found.drawdown), ZERO)
    paid_sql = sum((row["drawn_amount"] for row in found.drawdown), ZERO)
    return {
        "reference": {"billable_quantity": used - covered, "amount": rated - paid},
        "sql": {"billable_quantity": used - covered_sql, "amount": rated - paid_sql},
    }


# -- minimums ---------------------------------------------------------------------------------------------------------------


def _minimum(name: str, day: int, days: int, amount: Decimal, price: Mapping[str, Any], *, true_up: bool = True) -> Commitment:
    return Commitment(
        name,
        "a",
        "minimum",
        _day(day),
        _day(day + days),
        amount=amount,
        currency=price.get("currency", "USD"),
        applies_to=name,
        overage_factor=_decimal(price.get("overage_factor"), "1"),
        true_up="term_end" if true_up else "none",
    )


def _minimum_answers(
    minimums: list[Commitment], charges: list[Charge], on: date, free: Decimal = ZERO, calendars: Any = None
) -> Answers:
    """Add up what the commitments charge in the last period, with what is charged without any."""
    reference = [
        each[-1]
        for each in (
            commitment_charges(minimum, charges, on, calendar=(calendars or {}).get(minimum.commitment_id))
            for minimum in minimums
        )
        if each
    ]
    sums = [(each.charge_amount, each.utilised_amount, each.overage_amount, each.true_up_amount) for each in reference]
    last: dict[str, Mapping[str, Any]] = {}
    for row in sorted(
        run_relations(minimums, charges, on, calendars=calendars).commitment_charge, key=lambda row: row["period_start"]
    ):
        last[row["commitment_id"]] = row
    names = ("charge_amount", "utilised_amount", "overage_amount", "true_up_amount")
    rows = [tuple(row[name] for name in names) for row in last.values()]
    return {"reference": _added(sums, free), "sql": _added(rows, free)}


def _added(parts: list[tuple[Decimal, ...]], free: Decimal) -> Figures:
    amount, utilised, overage, true_up = (sum((part[place] for part in parts), ZERO) for place in range(4))
    return {
        "amount": amount + free,
        "utilized": utilised + free,
        "utilised": utilised + free,
        "overage": overage,
        "true_up": true_up,
        "charge": amount + free,
    }


def _is_on(value: object, default: bool = True) -> bool:
    return default if value is None else str(value).lower() in {"true", "1", "yes"}


def true_up(case: Case) -> Answers:
    price = case["price"]
    currency = price.get("currency", "USD")
    used = _money(_decimal(case["usage_amount"]), currency)
    size = _decimal(_first(price, "commitment", "minimum", "commitment_amount"))
    minimum = _minimum("c", 0, 1, size, price, true_up=_is_on(price.get("true_up")))
    return _minimum_answers([minimum], [_charge(used, currency=currency)], _day(1))


def true_up_prorated(case: Case) -> Answers:
    """A minimum for part of a billing period; the plan's fee, prorated alike, counts towards it."""
    price, period = case["price"], case.get("period", {})
    currency = price.get("currency", "USD")
    size = _decimal(_first(price, "minimum", "commitment", "commitment_amount"))
    days = int(_decimal(period.get("days"), "30"))
    covered = int(_decimal(period.get("covered_days"), str(days)))
    fee = _money(_decimal(price.get("plan_fee")) * covered / days, currency)
    used = _money(_decimal(_first(case, "usage_amount", "usage")), currency)
    minimum = replace(_minimum("c", days - covered, covered, size, price), true_up="period", applies_to=None)
    charges = [_charge(fee, day=days - covered, kind="fee", name="plan", currency=currency)] if fee else []
    charges.append(_charge(used, day=days - covered, currency=currency))
    answers = _minimum_answers([minimum], charges, _day(days), calendars={"c": [(DAY_ONE, _day(days))]})
    for name, figures in answers.items():
        counted = figures["utilised"] + figures["overage"] if name == "sql" else fee + used
        figures["precise"] = max(size * covered / days - counted, ZERO)
    return answers


def cumulative_commitment(case: Case) -> Answers:
    price = case["price"]
    currency = price.get("currency", "USD")
    prior = _decimal(_first(case, "prior_base_usage", "prior_usage", "prior_base_amount"))
    used = _decimal(case["usage_amount"])
    minimum = _minimum("c", 0, 2, _decimal(_first(price, "commitment", "commitment_amount", "minimum")), price)
    is_last = _is_on(_first(case, "is_last", "term_end"), default=_is_on(price.get("true_up"), default=False))
    minimum = replace(minimum, true_up="term_end" if is_last and _is_on(price.get("true_up"), default=False) else "none")
    charges = [_charge(prior, currency=currency), _charge(used, day=1, currency=currency)]
    return _minimum_answers([minimum], charges, _day(2), calendars={"c": [(_day(0), _day(1)), (_day(1), _day(2))]})


def windowed_commitment(case: Case) -> Answers:
    """Each window is a minimum of its own."""
    price = case["price"]
    unit = _decimal(price.get("unit"), "1")
    minimums, charges = [], []
    for day, window in enumerate(case["windows"]):
        name = f"w{day}"
        used = _decimal(window["usage"] if isinstance(window, Mapping) else window)
        size = _size(price, unit)
        minimums.append(_minimum(name, day, 1, size, price, true_up=_is_on(price.get("true_up"), default=False)))
        charges.append(_charge(used * unit, day=day, name=name))
    return _minimum_answers(minimums, charges, _day(len(charges)))


def _size(price: Mapping[str, Any], unit: Decimal) -> Decimal:
    amount = _first(price, "commitment_amount", "commitment", "minimum")
    return _decimal(amount) if amount is not None else _decimal(_first(price, "commitment_quantity", "quantity")) * unit


def time_of_day_commitment(case: Case) -> Answers:
    """Windows in a bucket of hours have its price and its minimum; others have the default's."""
    price = case["price"]
    minimums, charges, free = [], [], ZERO
    for day, window in enumerate(case["windows"]):
        rule = next((each for each in price["buckets"] if _in_hours(each, str(window["start"]))), price.get("default", {}))
        unit = _decimal(rule.get("unit", price.get("default", {}).get("unit")))
        amount, name = _decimal(window["usage"]) * unit, f"w{day}"
        if _first(rule, "commitment_amount", "commitment", "commitment_quantity") is None:
            free += amount
            continue
        minimums.append(_minimum(name, day, 1, _size(rule, unit), rule, true_up=_is_on(rule.get("true_up"), default=False)))
        charges.append(_charge(amount, day=day, name=name))
    return _minimum_answers(minimums, charges, _day(len(case["windows"])), free)


def _in_hours(bucket: Mapping[str, Any], at: str) -> bool:
    start, end, at = (text[-8:].removesuffix("Z")[:5] for text in (str(bucket["start"]), str(bucket["end"]), at))
    return start <= at < end if start < end else at >= start or at < end


# -- progressive billing and coupons ----------------------------------------------------------------------------------------


def threshold_billing(case: Case) -> Answers:
    price = case["price"]
    unit, fee = _decimal(price.get("unit"), "1"), _decimal(price.get("plan_fee"))
    levels = [_decimal(each) for each in price.get("thresholds", [])]
    again = _first(price, "recurring_threshold", "recurring")
    recurring = None if again is None else _decimal(again)
    steps = [_money(_decimal(each) * unit) for each in case.get("usage_sequence", case.get("events", []))]
    billed = progressive_billing(steps, levels, recurring=recurring, plan_fee=fee)
    total = sum(steps, ZERO)
    tables = threshold_inputs({"s": steps}, {"s": all_thresholds(levels, recurring, total)})
    rows = sorted(_rows(tables, threshold_chain(), "threshold_invoice"), key=lambda row: row[1])
    return {
        "reference": _billing(list(billed.invoices), billed.fees),
        "sql": _billing([row[2] for row in rows], total + fee),
    }


def _billing(invoices: list[Decimal], fees: Decimal) -> Figures:
    credited = sum(invoices, ZERO)
    names = ("first_invoice", "second_invoice", "third_invoice", "fourth_invoice")
    named = {name: invoices[place] if place < len(invoices) else ZERO for place, name in enumerate(names)}
    final = fees - credited
    return {**named, "invoices": invoices, "period_end_fees": fees, "credited": credited, "period_end_invoice": final}


def coupons(case: Case) -> Answers:
    price = case["price"]
    currency = price.get("currency", "USD")
    percentages, fixed = _listed(price, "pct", "percent"), _listed(price, "fixed", "amount")
    for each in price.get("coupons", []):
        kind, value = str(each.get("type", each.get("kind"))), _first(each, "value", "pct", "percent", "fixed", "amount")
        (percentages if kind.startswith(("pct", "perc")) else fixed).append(_decimal(value))
    subtotal = _decimal(_first(case, "usage_amount", "subtotal"))
    if "fees" in case:
        subtotal = sum((_decimal(each) for each in case["fees"]), ZERO)
    tables, number = coupon_inputs({"b": (subtotal, percentages, fixed, currency)})
    ((_, taken),) = _rows(tables, coupon_chain(number), "coupon_discount")
    reference = coupon_discount(subtotal, percentages, fixed, currency)
    return {name: _coupon(subtotal, value) for name, value in (("reference", reference), ("sql", taken))}


def _coupon(subtotal: Decimal, discount: Decimal) -> Figures:
    return {"discount": discount, "total": subtotal - discount, "amount": subtotal - discount, "due": subtotal - discount}


def _listed(price: Mapping[str, Any], *names: str) -> list[Decimal]:
    value = _first(price, *names)
    return [] if value is None else [_decimal(each) for each in (value if isinstance(value, list) else [value])]


def coupon_allocation_form(case: Case) -> Answers:
    price = case["price"]
    currency = price.get("currency", "USD")
    fees = [_decimal(each["amount"] if isinstance(each, Mapping) else each) for each in case["fees"]]
    discount = coupon_discount(sum(fees, ZERO), _listed(price, "pct"), _listed(price, "fixed"), currency)
    reference = coupon_allocation(discount, fees, currency)
    rows = sorted(_rows(allocation_inputs({"b": (discount, fees, currency)}), allocation_chain(), "coupon_share"))
    return {
        "reference": {"discount": sum(reference, ZERO), "allocated": reference},
        "sql": {"discount": sum((row[2] for row in rows), ZERO), "allocated": [row[2] for row in rows]},
    }


FORMS: dict[str, Callable[[Case], Answers]] = {
    "wallet_drawdown": wallet_drawdown,
    "wallet_drawdown_fees": wallet_drawdown,
    "wallet_sequence": wallet_sequence,
    "wallet_scope_rounding": wallet_scope_rounding,
    "grant_burndown": grant_burndown_timeline,
    "grant_burndown_timeline": grant_burndown_timeline,
    "windowed_free_units": windowed_free_units,
    "cumulative_commitment": cumulative_commitment,
    "windowed_commitment": windowed_commitment,
    "time_of_day_commitment": time_of_day_commitment,
    "true_up": true_up,
    "true_up_prorated": true_up_prorated,
    "plan_commitment_prorated": true_up_prorated,
    "threshold_billing": threshold_billing,
    "coupons": coupons,
    "coupon_allocation": coupon_allocation_form,
}
"""How each form of case is answered: both ways, under the names of its expected figures."""
