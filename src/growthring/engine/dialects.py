"""The same relation in other engines' SQL: sqlglot's translation, corrected where an engine means something else by it.

Corrections are made on the tree before it is written, so that every engine gives the same cents as DuckDB:

=============== =====================================================================================================
``a // b``      exact integer division: ``intDiv`` on ClickHouse, ``(a - MOD(a, b)) / b`` on Snowflake
days            ``DATE_DIFF('day', a, b)`` counts days between dates: a plain subtraction on Postgres
seconds         ``DATE_DIFF('second', a, b)`` counts them between whole seconds: the epoch of the difference on Postgres
``ROUND``       of a DOUBLE, read as DECIMAL, rounds half away from zero by ``FLOOR``: the engines' own ROUND differs
``LEAST``       and ``GREATEST`` skip NULL, also on BigQuery and Snowflake
dates           ``Date32`` and ``DateTime64`` on ClickHouse, which know the years 1900 to 2299 only
decimals        a written number is read as text on ClickHouse, where it would be a float; wide ones are BIGNUMERIC on BigQuery
=============== =====================================================================================================
"""

from collections.abc import Callable
from functools import cache

import sqlglot
from sqlglot import exp

from growthring.kernel.errors import UnknownValueError

DIALECTS = ("duckdb", "postgres", "spark", "clickhouse", "bigquery", "snowflake")
"""The dialects a relation can be shown in; the relations are written in the first."""

_FIRST_DAY, _LAST_DAY = "1900-01-01", "2299-12-31"
_INSTANTS = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.DATETIME)
_BIGQUERY_NUMERIC_DIGITS = 29

_Fix = Callable[[exp.Expr], exp.Expr]


@cache
def transpile(sql: str, dialect: str) -> str:
    r"""Write a relation of the portable subset in another engine's SQL.

    Args:
        sql: A statement in the DuckDB dialect.
        dialect: One of ``DIALECTS``; DuckDB's statement is returned as it stands.

    Raises:
        UnknownValueError: The dialect is not known.

    Example:
        >>> transpile("SELECT a // 2 AS half FROM t", "clickhouse")
        'SELECT\n  intDiv(a, 2) AS half\nFROM t'
    """
    if dialect not in DIALECTS:
        raise UnknownValueError("SQL dialect", dialect, DIALECTS)
    if dialect == "duckdb":
        return sql
    tree = sqlglot.parse_one(sql, read="duckdb")
    _distinct_steps(tree)
    for fix in (_plain_interval, _rounded_double, *_FIXES[dialect]):
        tree = _corrected(tree, fix)
    return tree.sql(dialect=dialect, pretty=True)


def _corrected(tree: exp.Expr, fix: _Fix) -> exp.Expr:
    """Apply a correction to every node, the innermost first."""
    for node in reversed(list(tree.walk())):
        changed = fix(node)
        if changed is node:
            continue
        if node is tree:
            tree = changed
        else:
            node.replace(changed)
    return tree


def _distinct_steps(tree: exp.Expr) -> None:
    """Give a WITH step inside another step a name of its own: sqlglot writes Spark's steps all at the top."""
    names = [step.alias for step in tree.find_all(exp.CTE)]
    for inner in list(tree.find_all(exp.With)):
        owner = inner.find_ancestor(exp.CTE)
        if owner is None or inner.parent is None:
            continue
        for index, step in enumerate(inner.expressions):
            old, new = step.alias, f"{owner.alias}_{step.alias}"
            if names.count(old) < 2:
                continue
            # a step and those before it still mean the outer table of the name
            before = {id(table) for each in inner.expressions[: index + 1] for table in each.find_all(exp.Table)}
            for table in list(inner.parent.find_all(exp.Table)):
                if table.name == old and id(table) not in before:
                    table.replace(exp.to_table(new, alias=table.alias or old))
            step.args["alias"].set("this", exp.to_identifier(new))


def _plain_interval(node: exp.Expr) -> exp.Expr:
    """``INTERVAL (30) DAY`` without its parentheses."""
    if isinstance(node, exp.Interval) and isinstance(node.this, exp.Paren) and isinstance(node.this.this, exp.Literal):
        node.set("this", exp.Literal.string(node.this.this.name))
    return node


def _moved_day(function: str, *, day_first: bool = True) -> _Fix:
    """``CAST(day + INTERVAL (expression) DAY AS DATE)`` as the engine adds a computed number of days to a date."""

    def fix(node: exp.Expr) -> exp.Expr:
        if not (isinstance(node, exp.Cast) and isinstance(node.this, exp.Add) and isinstance(node.this.expression, exp.Interval)):
            return node
        if isinstance(node.this.expression.this, exp.Literal):
            return node
        day, number = node.this.this.copy(), exp.cast(_bare(node.this.expression.this), "INTEGER")
        if not function:
            return exp.Paren(this=exp.Add(this=day, expression=number))
        arguments = [day, number] if day_first else [exp.var("DAY"), number, day]
        return exp.Anonymous(this=function, expressions=arguments)

    return fix


def _bracketed_window(node: exp.Expr) -> exp.Expr:
    """``(SUM(x) OVER w) - y``: Spark would read ``w - y`` as one name."""
    return exp.Paren(this=node.copy()) if isinstance(node, exp.Window) and isinstance(node.parent, exp.Sub) else node


def _rounded_double(node: exp.Expr) -> exp.Expr:
    """``CAST(ROUND(double, n) AS DECIMAL(p, n))`` as whole units, counted by operations that are the same everywhere."""
    if not (isinstance(node, exp.Cast) and isinstance(node.this, exp.Round) and node.to.this == exp.DType.DECIMAL):
        return node
    value, digits = node.this.this, int(node.this.args["decimals"].name)
    if value.find(exp.Div) is None:
        return node
    bracketed = exp.Paren(this=value.copy())
    whole = f"CASE WHEN x < 0 THEN -1 ELSE 1 END * CAST(FLOOR(ABS(x) * {10**digits} + CAST(0.5 AS DOUBLE)) AS BIGINT)"
    unit = f"CAST({10**-digits:.{digits}f} AS DECIMAL({digits + 1},{digits}))"
    units = sqlglot.parse_one(f"CAST({whole} AS DECIMAL(18,0)) * {unit}", read="duckdb")
    filled = units.transform(lambda each: bracketed.copy() if isinstance(each, exp.Column) else each)
    return exp.Cast(this=filled, to=node.to.copy())


def _day_difference(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.DateDiff):
        return node
    between = exp.Paren(this=exp.Sub(this=node.this.copy(), expression=node.expression.copy()))
    if node.text("unit").upper() != "SECOND":
        return between
    return exp.cast(exp.Extract(this=exp.var("EPOCH"), expression=between), "BIGINT")


def _clickhouse_division(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.IntDiv):
        return exp.Anonymous(this="intDiv", expressions=[_bare(node.this), _bare(node.expression)])
    return node


def _snowflake_division(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.IntDiv):
        return node
    left, right = _bare(node.this), _bare(node.expression)
    whole = exp.Sub(this=exp.Paren(this=left), expression=exp.Anonymous(this="MOD", expressions=[left.copy(), right]))
    divided = exp.Div(this=exp.Paren(this=whole), expression=exp.Paren(this=right.copy()))
    return exp.Cast(this=divided, to=exp.DataType.build("BIGINT"))


def _clickhouse_type(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.DataType):
        if node.this == exp.DType.DATE:
            return exp.DataType(this=exp.DType.DATE32)
        if node.this in _INSTANTS:
            return exp.DataType(this=exp.DType.DATETIME64, expressions=[exp.DataTypeParam(this=exp.Literal.number(6))])
    return node


def _clickhouse_literal(node: exp.Expr) -> exp.Expr:
    if not (isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal)):
        return node
    value, kind = node.this.name, node.to.this
    if kind == exp.DType.DECIMAL:
        node.set("this", exp.Literal.string(value))
    if kind == exp.DType.DATE or kind in _INSTANTS:
        day, rest = value[:10], value[10:]
        node.set("this", exp.Literal.string(min(max(day, _FIRST_DAY), _LAST_DAY) + rest))
    return node


def _null_blind(node: exp.Expr) -> exp.Expr:
    """``LEAST(a, b)`` that skips NULL on an engine whose own would return NULL."""
    if not isinstance(node, exp.Least | exp.Greatest):
        return node
    result: exp.Expr = node.this
    for other in node.expressions:
        pair = type(node)(this=result.copy(), expressions=[other.copy()], ignore_nulls=False)
        result = exp.Coalesce(this=pair, expressions=[result.copy(), other.copy()])
    return result


def _bigquery_type(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.DataType) and node.this == exp.DType.DECIMAL and len(node.expressions) == 2:
        digits, scale = (int(each.name) for each in node.expressions)
        if digits - scale > _BIGQUERY_NUMERIC_DIGITS or scale > 9:
            return exp.DataType(this=exp.DType.BIGDECIMAL)
    return node


def _bigquery_order(node: exp.Expr) -> exp.Expr:
    """Windows order by columns that are never NULL; BigQuery cannot be told where NULLs would stand."""
    if isinstance(node, exp.Ordered):
        node.set("nulls_first", not node.args.get("desc"))
    return node


def _bare(node: exp.Expr) -> exp.Expr:
    inner: exp.Expr = node.this if isinstance(node, exp.Paren) else node
    return inner.copy()


_FIXES: dict[str, tuple[_Fix, ...]] = {
    "postgres": (_day_difference, _moved_day("")),
    "spark": (_bracketed_window, _moved_day("DATE_ADD")),
    "clickhouse": (_moved_day("addDays"), _clickhouse_literal, _clickhouse_type, _clickhouse_division),
    "bigquery": (_null_blind, _bigquery_type, _bigquery_order),
    "snowflake": (
        _moved_day("DATEADD", day_first=False),
        _snowflake_division,
    ),
}
"""What is corrected for each dialect before sqlglot writes it."""
