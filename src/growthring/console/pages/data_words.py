"""Data: words of the codes that its rows hold. Messages of the catalogue."""

from collections.abc import Mapping

PROBLEMS: Mapping[str, str] = {
    "AMOUNT_OUT_OF_RANGE": "too large for an exact amount",
    "COLUMN_NOT_IN_FILE": "a mapped column is not in the file",
    "COMMITMENT_ENDS_BEFORE_START": "commitment ends before it starts",
    "COMMITMENT_WITHOUT_CURRENCY": "commitment without a currency",
    "COMMITMENT_WITHOUT_MEASURE": "commitment without a measure",
    "CONFLICTING_EVENT": "events with one id that differ",
    "CONTRACT_ENDS_BEFORE_START": "contract ends before it starts",
    "CONTRADICTS_ITSELF": "two values of one attribute on one day",
    "CURRENCY_CASE": "currency in small letters",
    "DISCOUNTS_DO_NOT_ADD_UP": "discounts do not add up",
    "DUPLICATE_COLLAPSED": "said twice, taken once",
    "DUPLICATE_KEY_CONFLICT": "one key, rows that differ",
    "HEADER_ROW": "an invoice's own row; its lines count",
    "INTERVAL_NOT_POSITIVE": "billing interval without a length",
    "LINE_ENDS_BEFORE_START": "line ends before it starts",
    "MALFORMED_ROW": "a line that is no row",
    "MISSING_ACCOUNT_ID": "no customer",
    "MISSING_EVENT_ID": "no event id",
    "MISSING_METER": "no meter",
    "MISSING_QUANTITY": "no quantity",
    "MISSING_USED_AT": "no time of use",
    "NEGATIVE_QUANTITY": "quantity below zero",
    "NOT_A_BOOLEAN": "neither true nor false",
    "NOT_A_DATE": "no date",
    "NOT_A_NUMBER": "no number",
    "NOT_A_WHOLE_NUMBER": "no whole number",
    "NOT_AN_INVOICE": "a draft, or void",
    "NOT_LIVE": "test data",
    "NO_FILES": "no file matches",
    "OFFER_BELOW_ZERO": "offer below zero",
    "OFFER_DECIDED_BEFORE_OFFERED": "offer decided before it was made",
    "OUTCOME_WITHOUT_DAY": "outcome without a day",
    "PERIOD_ENDS_BEFORE_START": "period ends before it starts",
    "PERIOD_HALF_GIVEN": "only one end of the period",
    "QUANTITY_OUT_OF_RANGE": "too large for an exact quantity",
    "RATE_NOT_POSITIVE": "exchange rate of zero or less",
    "ROLLOVER_NOT_A_SHARE": "rollover is no share",
    "TERM_NOT_POSITIVE": "term without a length",
    "TIME_IN_FUTURE": "used later than known",
    "TOO_LATE": "known too late",
    "TRIAL_ENDS_BEFORE_START": "trial ends before it starts",
    "TRIAL_EVENT_BEFORE_START": "something before the trial began",
    "UNKNOWN_ACCOUNT": "a customer that no file describes",
    "UNKNOWN_CONTRACT": "a contract that no file describes",
    "UNKNOWN_CURRENCY": "no known currency",
    "UNKNOWN_METER": "usage that no price book counts",
    "UNKNOWN_PRODUCT": "a product that no file describes",
    "UNKNOWN_USAGE": "corrects a record that no file has",
    "UNKNOWN_VALUE": "none of the column's values",
    "UNREADABLE_FILE": "a file that cannot be read",
}
"""What is wrong with rows, by code."""

COLUMNS: Mapping[str, str] = {
    "customer": "Customer",
    "change": "What happened",
    "table": "Table",
    "key": "Key",
    "amount_before": "Amount before",
    "amount_now": "Amount now",
    "known_at": "Known at",
    "file": "File",
    "row": "Row",
}
"""Columns of rows that differ in a closed month."""

CHANGES: Mapping[str, str] = {"late": "came late", "removed": "is gone", "corrected": "was corrected"}
"""What happened to a row since a month was closed."""
