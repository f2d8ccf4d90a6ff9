"""Queries over the journal's tables, and how their rows become entries."""

import json
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, and_, select

from growthring.journal.entries import (
    Close,
    PolicyChange,
    Revocation,
    Role,
    RunRecord,
    RunStatus,
    SignOff,
    Tag,
    TagKind,
)
from growthring.journal.schema import PERIOD_CLOSE, POLICY_CHANGE, RUN_END, RUN_START, SIGN_OFF, TAG, TAG_REVOCATION

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CLOSES = select(*list(PERIOD_CLOSE.c)[1:]).order_by(PERIOD_CLOSE.c.close_id)

TAGS = (
    select(
        TAG,
        TAG_REVOCATION.c.revoked_at,
        TAG_REVOCATION.c.author.label("revoked_author"),
        TAG_REVOCATION.c.because.label("revoked_because"),
    )
    .join(TAG_REVOCATION, TAG.c.tag_id == TAG_REVOCATION.c.tag_id, isouter=True)
    .order_by(TAG.c.tag_id)
)

POLICIES = select(*list(POLICY_CHANGE.c)[1:]).order_by(POLICY_CHANGE.c.change_id)

SIGN_OFFS = select(*list(SIGN_OFF.c)[1:]).order_by(SIGN_OFF.c.sign_off_id)

RUNS = (
    select(
        RUN_START.c.run_id,
        RUN_START.c.started_at,
        RUN_END.c.finished_at,
        RUN_END.c.status,
        RUN_END.c.snapshot_id,
        RUN_END.c.seconds,
        RUN_END.c.message,
    )
    .join(RUN_END, RUN_START.c.run_id == RUN_END.c.run_id, isouter=True)
    .order_by(RUN_START.c.start_id)
)


def row_of(entry: "DataclassInstance") -> dict[str, Any]:
    """Return an entry's values by column name."""
    values = {field.name: getattr(entry, field.name) for field in fields(entry)}
    return {name: _stored(value) for name, value in values.items()}


def close_of(row: Row[Any]) -> Close:
    """Read a close."""
    values = row._asdict()
    return Close(**values | {"metrics": json.loads(values["metrics"])})


def tags_of(rows: Iterable[Row[Any]], known_at: datetime | None = None) -> list[Tag]:
    """Read tags, each with its revocation, as known at an instant."""
    return [_tag(row, known_at) for row in rows if known_at is None or row.tagged_at <= known_at]


def revoked(tag: Tag, revocation: Revocation) -> Tag:
    """Return a tag with the entry that took it back."""
    return replace(tag, revoked_by=revocation)


def policy_of(row: Row[Any]) -> PolicyChange:
    """Read a policy change."""
    return PolicyChange(**row._asdict())


def find_policy(connection: Connection, policy_name: str, version: str) -> PolicyChange | None:
    """Return a version of a policy, or nothing when it was never recorded."""
    query = POLICIES.where(and_(POLICY_CHANGE.c.policy_name == policy_name, POLICY_CHANGE.c.version == version))
    row = connection.execute(query).first()
    return None if row is None else policy_of(row)


def sign_off_of(row: Row[Any]) -> SignOff:
    """Read a sign-off."""
    values = row._asdict()
    return SignOff(**values | {"role": Role(values["role"])})


def run_of(row: Row[Any], known_at: datetime | None = None) -> RunRecord:
    """Read a run as known at an instant: before its end was recorded it was running."""
    if row.status is None or (known_at is not None and row.finished_at > known_at):
        return RunRecord(row.run_id, row.started_at)
    values = row._asdict()
    return RunRecord(**values | {"status": RunStatus(values["status"])})


def _tag(row: Row[Any], known_at: datetime | None) -> Tag:
    tag = Tag(
        row.tag_id,
        row.account_id,
        row.first_month,
        row.last_month,
        row.product_id,
        TagKind(row.tag),
        row.because,
        row.author,
        row.tagged_at,
    )
    if row.revoked_at is None or (known_at is not None and row.revoked_at > known_at):
        return tag
    return revoked(tag, Revocation(row.revoked_at, row.revoked_author, row.revoked_because))


def _stored(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value
