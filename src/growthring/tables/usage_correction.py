"""Corrections of usage: records that are amended or withdrawn, and windows that are sent again."""

from growthring.tables.contract import PROVENANCE, Check, Column, ColumnType, Table, text

USAGE_CORRECTION = Table(
    name="usage_correction",
    meaning="A statement that earlier usage was wrong; it counts from the time it became known, figures as of before stay.",
    grain="correction",
    columns=(
        text("correction_id", "The correction's identifier.", required=True),
        text(
            "action",
            "amend: the record says something else; withdraw: it does not count; backfill: what was known of a window does not.",
            required=True,
            values=("amend", "withdraw", "backfill"),
        ),
        text("usage_id", "The record that is amended or withdrawn."),
        Column("quantity", ColumnType.QUANTITY, "The amended quantity; empty leaves the record's."),
        Column("used_at", ColumnType.INSTANT, "The amended time of use, UTC; empty leaves the record's."),
        text("account_id", "The customer of a backfill."),
        text("meter", "The meter of a backfill; empty means all meters of the customer."),
        Column("window_start", ColumnType.INSTANT, "First instant of a backfill, UTC."),
        Column("window_end", ColumnType.INSTANT, "First instant after a backfill, UTC."),
        *PROVENANCE,
    ),
    key=("correction_id",),
    checks=(
        Check(
            "CORRECTION_WITHOUT_RECORD",
            "action = 'backfill' OR usage_id IS NOT NULL",
            "The correction does not say which record it corrects.",
            "Map usage_id to the identifier of the record, made in the same way as that of the records.",
        ),
        Check(
            "AMENDMENT_WITHOUT_VALUE",
            "action <> 'amend' OR quantity IS NOT NULL OR used_at IS NOT NULL",
            "The amendment changes nothing.",
            "Map quantity or used_at, or make it a withdrawal.",
        ),
        Check(
            "BACKFILL_WITHOUT_WINDOW",
            "action <> 'backfill' OR (account_id IS NOT NULL AND coalesce(window_start < window_end, false))",
            "The backfill does not say for whom and for which time.",
            "Map account_id, window_start and window_end, with the end after the start.",
        ),
        Check(
            "CORRECTION_WITHOUT_TIME",
            "known_at > TIMESTAMP '1970-01-01 00:00:00'",
            "The correction does not say when it became known.",
            "Map known_at; without it nobody could tell which records came before it.",
        ),
    ),
)
