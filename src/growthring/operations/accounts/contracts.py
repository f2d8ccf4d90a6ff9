"""Contracts and commitments of one account: what was agreed, what of it is in force, and how promises burn down by month."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from growthring.engine.relation import literal
from growthring.kernel.period import Month
from growthring.operations.accounts.overview import AccountBook, known_account, written
from growthring.operations.answer import Answer, money
from growthring.operations.pricing.commitments import computed_commitments
from growthring.operations.project import Project
from growthring.pricing.commitments.burn_down import BurnDown, burn_down, consumption
from growthring.pricing.commitments.terms import OPEN_END, Commitment
from growthring.pricing.reference import plain

_DEFINITIONS = {
    "account_contracts": "Contracts of one customer with their lines as the source states them; amounts per billing interval.",
    "account_promises": "Each commitment of one customer: minimums, prepaid balances, credits and fixed prices for all use.",
    "account_burn_down": (
        "Consumption of each commitment by the end of each billing period, and where the pace of the last months leads."
    ),
}
_POLICY = {"name": "commitments", "version": "rating"}
_UNIT = Decimal("0.01")


def account_contracts(project: Project, account: str) -> Answer:
    """Answer what was agreed with an account: one row a contract line, the latest contract first.

    Raises:
        GrowthringError: No row names the account.
    """
    book = known_account(project, account)
    whose = f"account_id = {literal(account)}"
    statement = (
        "SELECT COALESCE(contract.contract_id, line.contract_id) AS contract_id, line.product_id, line.kind, line.quantity, "
        "line.amount, line.list_amount, line.currency, line.billing_interval, line.interval_count, "
        "COALESCE(line.starts_on, contract.starts_on) AS starts_on, COALESCE(line.ends_on, contract.ends_on) AS ends_on, "
        "contract.signed_on, contract.cancel_requested_on, contract.cancelled_on, contract.cancel_reason, "
        "contract.renews_contract_id, contract.price_book "
        f"FROM (SELECT * FROM contract WHERE {whose}) AS contract "
        f"FULL JOIN (SELECT * FROM contract_line WHERE {whose}) AS line ON line.contract_id = contract.contract_id "
        "ORDER BY 10 DESC, 1 DESC, line.contract_line_id"
    )
    rows = [_contract_row(book, row) for row in book.rows(statement)]
    in_force = {row["contract"] for row in rows if row["state"] in ("in_force", "ending")}
    return _answer(book, "account_contracts", len(in_force), rows, statement)


def account_promises(project: Project, account: str) -> Answer:
    """Answer what an account promised to consume or paid ahead, the latest first, past and future included.

    Raises:
        GrowthringError: No row names the account.
    """
    book = known_account(project, account)
    statement = f"SELECT * FROM commitment WHERE account_id = {literal(account)} ORDER BY starts_on DESC, commitment_id"
    rows = [_promise_row(book, row) for row in book.rows(statement)]
    return _answer(book, "account_promises", sum(row["state"] == "in_force" for row in rows), rows, statement)


def account_burn_down(project: Project, account: str) -> Answer:
    """Answer how the commitments of an account that are in force were consumed, and where their present pace leads.

    The rows come in kinds: ``pace`` (one a commitment: consumed so far, and what is used up or left over at its end) and
    ``days`` (consumption added up by billing period, then what the pace of the last months leads to, month by month).

    Raises:
        GrowthringError: No row names the account, or the project has no price books.
    """
    book = known_account(project, account)
    connection, inputs, on = computed_commitments(project)
    consumed = consumption(connection, account)
    terms = {each.commitment_id: each for each in inputs.commitments if each.account_id == account}
    paces = burn_down(connection, account, on, computed=inputs)
    rows = [_pace_row(terms[each.commitment_id], each) for each in paces]
    for each in paces:
        rows += _burn_rows(terms[each.commitment_id], consumed.get(each.commitment_id, []), on, each.pace_per_day)
    return _answer(book, "account_burn_down", len(paces), rows)


def _pace_row(commitment: Commitment, found: BurnDown) -> dict[str, Any]:
    sizes = {
        "committed": found.committed, "consumed": found.consumed, "even_pace": found.straight_line, "left_over": found.shortfall,
        "beyond": found.expected_overage,
    }  # fmt: skip
    days = {
        "used_up": found.exhausted_on, "earliest": found.exhausted_earliest_on, "latest": found.exhausted_latest_on,
        "ends": found.shortfall_on,
    }  # fmt: skip
    return {
        "kind": "pace", "commitment": commitment.commitment_id,
        **{name: None if size is None else _size(commitment, size) for name, size in sizes.items()},
        "unit": _unit(commitment), **{name: written(day) for name, day in days.items()},
    }  # fmt: skip


def _burn_rows(commitment: Commitment, consumed: list[tuple[date, Decimal]], on: date, pace: Decimal) -> Iterator[dict[str, Any]]:
    """Yield consumption added up by period, then month by month to the end what the present pace leads to."""
    by_start: dict[date, Decimal] = {}
    for start, amount in consumed:
        by_start[start] = by_start.get(start, Decimal(0)) + amount
    total = Decimal(0)
    starts = sorted(start for start in by_start if start < on)
    for start, end in zip(starts, [*starts[1:], on], strict=True):
        total += by_start[start]
        yield _burn_row(commitment, min(end, on), consumed=total)
    for day in _days_ahead(commitment, on):
        yield _burn_row(commitment, day, projected=total + pace * (day - on).days)


def _days_ahead(commitment: Commitment, on: date) -> Iterator[date]:
    """Yield the first day of each month to come and the end of the term; nothing for a commitment without an end."""
    if commitment.closes_on == OPEN_END:
        return
    month = Month.of(on)
    while (month + 1).first_day < commitment.closes_on:
        month = month + 1
        yield month.first_day
    yield commitment.closes_on


def _burn_row(
    commitment: Commitment, on: date, *, consumed: Decimal | None = None, projected: Decimal | None = None
) -> dict[str, Any]:
    even = None
    if commitment.closes_on != OPEN_END:
        share = Fraction((on - commitment.starts_on).days, (commitment.closes_on - commitment.starts_on).days)
        even = Decimal((Fraction(commitment.size) * share / Fraction(_UNIT) + Fraction(1, 2)).__floor__()) * _UNIT
    sizes = {"consumed": consumed, "at_present_pace": projected, "even_pace": even, "committed": commitment.size}
    return {
        "kind": "days", "commitment": commitment.commitment_id, "at": on.isoformat(),
        **{name: None if size is None else _size(commitment, size) for name, size in sizes.items()},
        "unit": _unit(commitment),
    }  # fmt: skip


def _unit(commitment: Commitment) -> str:
    return (commitment.meter if commitment.measure == "quantity" else commitment.currency) or ""


def _size(commitment: Commitment, value: Decimal) -> str:
    is_units = commitment.measure == "quantity"
    return plain(value.quantize(Decimal("0.0001"))) if is_units else money(value, commitment.currency or "USD")


def _contract_row(book: AccountBook, row: dict[str, Any]) -> dict[str, Any]:
    every = (
        f"{row['interval_count']} × {row['billing_interval']}" if (row["interval_count"] or 1) > 1 else row["billing_interval"]
    )
    return {
        "contract": row["contract_id"], "state": _state(book, row), "product": row["product_id"], "type": row["kind"],
        "quantity": None if row["quantity"] is None else plain(row["quantity"]),
        "amount": None if row["amount"] is None else money(row["amount"], row["currency"]), "currency": row["currency"],
        "every": every, "discount": _discount(row), "from": written(row["starts_on"]), "until": written(row["ends_on"]),
        "signed": written(row["signed_on"]), "renews": row["renews_contract_id"], "cancelled": written(row["cancelled_on"]),
        "why_cancelled": row["cancel_reason"], "price_book": row["price_book"],
    }  # fmt: skip


def _discount(row: dict[str, Any]) -> float | None:
    return float(1 - row["amount"] / row["list_amount"]) if row["list_amount"] and row["amount"] is not None else None


def _state(book: AccountBook, row: dict[str, Any]) -> str:
    day = book.today
    if row["starts_on"] and row["starts_on"] > day:
        return "to_come"
    if (row["ends_on"] and row["ends_on"] <= day) or (row["cancelled_on"] and row["cancelled_on"] <= day):
        return "over"
    return "ending" if row["cancel_requested_on"] and row["cancel_requested_on"] <= day else "in_force"


def _promise_row(book: AccountBook, row: dict[str, Any]) -> dict[str, Any]:
    names = (
        "commitment_id",
        "account_id",
        "kind",
        "starts_on",
        "ends_on",
        "amount",
        "quantity",
        "meter",
        "currency",
        "voided_on",
    )
    promise = Commitment(**{name: row[name] for name in names})
    state = _state(book, {**row, "cancelled_on": row["voided_on"], "cancel_requested_on": None})
    return {
        "commitment": promise.commitment_id, "of": promise.kind, "state": state, "committed": _size(promise, promise.size),
        "unit": _unit(promise), "from": written(promise.starts_on),
        "until": written(promise.ends_on), "contract": row["contract_id"],
        "shared": row["scope"], "rollover": float(row["rollover_share"]),
        "overage": plain(row["overage_factor"]), "shortfall_billed": row["true_up"] if promise.kind == "minimum" else None,
    }  # fmt: skip


def _answer(book: AccountBook, metric: str, value: int, rows: list[dict[str, Any]], sql: str = "") -> Answer:
    return book.answer(metric, _DEFINITIONS[metric], value, rows, at=book.today.isoformat(), policy=_POLICY, sql=sql)
