"""The chain of relations from charges to drawdown, balances, overage and what commitments charge."""

import re

from growthring.engine.relation import Literal, Relation, relation
from growthring.pricing.commitments.inputs import CommitmentInputs

PACKAGE = "growthring.pricing.commitments"
RESULTS = ("drawdown", "commitment_balance", "overage", "commitment_charge")
"""Relations that hold what the derived tables of these names promise."""


def commitment_chain(inputs: CommitmentInputs) -> list[Relation]:
    """Return the relations that read ``drawable`` and the inputs, in order.

    Args:
        inputs: What was put into the engine, with the number of passes that drawing takes.
    """
    values: dict[str, Literal] = {"on": inputs.on}

    def step(name: str, called: str | None = None) -> Relation:
        return relation(PACKAGE, name, values, called=called)

    units, money = inputs.passes("quantity"), inputs.passes("amount")
    return [
        step("charge"),
        step("payable"),
        *_passes("quantity", units),
        Relation("payments_quantity", _payments("quantity", units)),
        step("to_share_unit"),
        _read(step("share", "unit_share"), share_source="to_share_unit"),
        step("unit_payment"),
        *_passes("amount", money),
        Relation("payments_amount", _payments("amount", money)),
        Relation("closed", _closed(units, money)),
        Relation("left_in_units", f"SELECT charge_id, unpaid FROM left_quantity_{units}"),
        Relation("left_in_money", f"SELECT charge_id, unpaid FROM left_amount_{money}"),
        step("drawdown"),
        step("commitment_balance"),
        step("overage"),
        step("consumed"),
        step("committed"),
        step("to_share_commitment"),
        _read(step("share", "commitment_share"), share_source="to_share_commitment"),
        step("commitment_charge"),
    ]


def _passes(measure: str, number: int) -> list[Relation]:
    """Return the relations of all passes in one measure: open slices, pay, close slices, leave the rest."""
    chain = [
        relation(PACKAGE, "closed_start", called=f"closed_{measure}_0"),
        relation(PACKAGE, f"left_{measure}", called=f"left_{measure}_0"),
    ]
    for turn in range(1, number + 1):
        values: dict[str, Literal] = {"measure": measure, "pass": turn}
        names = {"closed_before": f"closed_{measure}_{turn - 1}", "left_before": f"left_{measure}_{turn - 1}"}
        names |= {f"{each}_now": f"{each}_{measure}_{turn}" for each in ("opened", "payment")}
        for name, called in (("opened", "opened"), ("payment", "payment"), ("closed", "closed"), ("left_after", "left")):
            chain.append(_read(relation(PACKAGE, name, values, called=f"{called}_{measure}_{turn}"), **names))
    return chain


def _read(step: Relation, **tables: str) -> Relation:
    """Let a relation read other tables than those it names."""
    sql = step.sql
    for name, table in tables.items():
        sql = re.sub(rf"\b{name}\b", table, sql)
    return Relation(step.name, sql, step.is_light)


def _payments(measure: str, number: int) -> str:
    turns = [
        f"SELECT CAST({turn} AS BIGINT) AS pass, slice_id, charge_id, drawn FROM payment_{measure}_{turn}"
        for turn in range(1, number + 1)
    ]
    none = f"SELECT CAST(0 AS BIGINT) AS pass, slice_id, slice_id AS charge_id, drawn FROM closed_{measure}_0"
    return "\nUNION ALL\n".join(turns or [none])


def _closed(units: int, money: int) -> str:
    columns = "slice_id, available, drawn, passed"
    return f"SELECT {columns} FROM closed_quantity_{units}\nUNION ALL\nSELECT {columns} FROM closed_amount_{money}"
