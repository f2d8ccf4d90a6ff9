"""SQL functions that mapping expressions may use, and those that read text exactly."""

import duckdb

from growthring.kernel.currency import EXPONENT

NUMBER = "DECIMAL(38,10)"
"""What a number of a file becomes: a product of two still has 18 digits before the point."""

_STRIPE_EXPONENT = {"MGA": 0, "ISK": 2, "UGX": 2}
"""Where Stripe departs from ISO 4217 (docs.stripe.com/currencies, zero-decimal currencies and special cases)."""


def install_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the mapping functions known to a connection.

    Public: `from_minor(amount, currency)`, `from_stripe_minor(amount, currency)`, `from_epoch(seconds)`.
    """
    for signature, body in _macros().items():
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {signature} AS {body}")


_ALTERED_NUMBER = r"[:,\[]\s*-?([0-9.]{16}|[0-9]+\.[0-9]*0([^0-9]|$)|0\.000|[0-9.]+[eE]|[NI])|[:,\[]\s*-0"
"""A number of a JSON text that may not come back from a double as it was written: many digits, 1.10, 0.0001, 1e5, NaN, -0."""

_JSON_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|-?Infinity|NaN"


def _exact_json(text: str) -> str:
    """Return the SQL that puts the numbers of a JSON text between quotes, if one of them may not come out as it was written.

    The parts between quotation marks alternate between outside and inside a string once escaped marks are out of the way.
    """
    hidden = rf"""replace(replace({text}, '\\', chr(1)), '\"', chr(2))"""
    part = rf"""CASE WHEN i % 2 = 1 THEN regexp_replace(p, '{_JSON_NUMBER}', '"\0"', 'g') ELSE p END"""
    joined = f"""array_to_string(list_transform(string_split({hidden}, '"'), lambda p, i: {part}), '"')"""
    shown = rf"""replace(replace({joined}, chr(2), '\"'), chr(1), '\\')"""
    return f"CASE WHEN regexp_matches({text}, '{_ALTERED_NUMBER}') THEN {shown} ELSE {text} END"


_PLAIN_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z?"
"""An instant in UTC as most files write it: read without the time zones, which are slow."""


def _macros() -> dict[str, str]:
    stripe = {**EXPONENT, **_STRIPE_EXPONENT}
    blanks = "' \t\r\n\u00a0\ufeff'"
    return {
        "_clean(x)": f"nullif(trim(x, {blanks}), '')",
        "_number(x)": f"CASE WHEN contains(x, '_') THEN NULL "
        f"ELSE coalesce(CAST(TRY_CAST(x AS DECIMAL(18,10)) AS {NUMBER}), TRY_CAST(x AS {NUMBER})) END",
        "_plain(x)": "CASE WHEN isnan(x) THEN 'NaN' WHEN ends_with(CAST(x AS VARCHAR), '.0') "
        "THEN CAST(x AS VARCHAR)[:-3] ELSE CAST(x AS VARCHAR) END",
        "_unpadded(x)": r"CASE WHEN contains(CAST(x AS VARCHAR), '.') THEN regexp_replace(CAST(x AS VARCHAR), '\.?0+$', '') "
        "ELSE CAST(x AS VARCHAR) END",
        "_instant(x)": f"CASE WHEN regexp_full_match(x, '{_PLAIN_INSTANT}') AND x >= '0001' THEN TRY_CAST(x AS TIMESTAMP) "
        "WHEN length(x) >= 8 AND isfinite(TRY_CAST(x AS TIMESTAMPTZ)) AND "
        "year(TRY_CAST(x AS TIMESTAMPTZ)) BETWEEN 1 AND 9999 THEN TRY_CAST(x AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END",
        "_day(x)": "CASE WHEN length(x) > 10 THEN CAST(_instant(x) AS DATE) WHEN length(x) >= 8 AND "
        "isfinite(TRY_CAST(x AS DATE)) AND year(TRY_CAST(x AS DATE)) BETWEEN 1 AND 9999 THEN TRY_CAST(x AS DATE) END",
        "_flag(x)": "CASE WHEN lower(x) IN ('true', 't', 'yes', 'y', '1') THEN true "
        "WHEN lower(x) IN ('false', 'f', 'no', 'n', '0') THEN false END",
        "_json(x)": _exact_json("x"),
        "_exponent(currency)": _by_exponent("currency", EXPONENT, {0: "0", 3: "3", 4: "4"}, "2"),
        "from_minor(amount, currency)": _from_minor(EXPONENT),
        "from_stripe_minor(amount, currency)": _from_minor(stripe),
        "from_epoch(seconds)": "make_timestamp(CAST(_number(CAST(seconds AS VARCHAR)) * 1000000 AS BIGINT))",
    }


def _from_minor(exponents: dict[str, int]) -> str:
    unit = _by_exponent("upper(currency)", exponents, {0: "1.0000", 3: "0.0010", 4: "0.0001"}, "0.0100")
    return f"CAST(_number(CAST(amount AS VARCHAR)) * CAST({unit} AS DECIMAL(5,4)) AS DECIMAL(38,14))"


def _by_exponent(currency: str, exponents: dict[str, int], results: dict[int, str], otherwise: str) -> str:
    branches = []
    for exponent, result in results.items():
        codes = ", ".join(f"'{code}'" for code in sorted(exponents) if exponents[code] == exponent)
        branches.append(f"WHEN {currency} IN ({codes}) THEN {result}")
    return f"CASE {' '.join(branches)} ELSE {otherwise} END"
