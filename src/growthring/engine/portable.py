"""The portable subset: SQL that every engine reads the same way, to the cent.

A relation keeps to it when its statement

- names every column it selects: no ``SELECT *``, and an alias on everything but a bare column;
- never divides money: ``/`` stands between DOUBLEs only, ``//`` between whole numbers only;
- widens money before it multiplies: one side cast to more than 18 digits, the product cast to DECIMAL, no float in between;
- asks no clock and no time zone, and calls only functions that every engine has or that `dialects` knows how to write;
- leaves out what only some engines have: QUALIFY, DISTINCT ON, lateral, positional and natural joins, GROUP BY ALL.
"""

from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from growthring.engine.value_kinds import Definitions, Kind
from growthring.kernel.errors import NotPortableError

_FUNCTIONS = (
    exp.Abs, exp.Avg, exp.Coalesce, exp.Count, exp.DateDiff, exp.Day, exp.DenseRank, exp.Exists, exp.Floor, exp.Greatest, exp.Lag,
    exp.LastDay, exp.Lead, exp.Least, exp.Max, exp.Min, exp.Month, exp.Nullif, exp.Rank, exp.Round,
    exp.RowNumber, exp.Sum, exp.Year,
)  # fmt: skip
"""Functions with one meaning on every engine, some of them by the corrections in `dialects`."""

_SYNTAX = (exp.And, exp.Or, exp.Case, exp.If, exp.Cast, exp.Interval)
"""What sqlglot counts as functions and SQL as syntax."""

_CLOCK_UNITS = ("SECOND", "MINUTE", "HOUR")
"""What DATE_TRUNC cuts an instant to; engines give months and days other types."""

_CLOCKS = (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.AtTimeZone)
_ZONED = (exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ, exp.DType.TIMETZ)
_ARBITRARY = (exp.AnyValue, exp.First, exp.Last, exp.FirstValue, exp.LastValue, exp.ArgMax, exp.ArgMin)
_UNSUPPORTED = {
    exp.Qualify: "QUALIFY is not known to every engine: filter in a further step",
    exp.Lateral: "LATERAL is not known to every engine",
    exp.Unnest: "UNNEST is not read alike by every engine",
    exp.Pivot: "PIVOT is not read alike by every engine",
    exp.TryCast: "TRY_CAST hides bad values: use CAST",
    exp.Parameter: "a parameter is not bound",
    exp.Placeholder: "a parameter is not bound",
    exp.Array: "lists are not read alike by every engine",
    exp.Struct: "structs are not read alike by every engine",
    exp.Bracket: "lists and structs are not read alike by every engine",
}
_LARGE_FACTOR = 1000


def check_portable(sql: str, name: str = "The statement") -> None:
    """Stop when a statement leaves the portable subset.

    Raises:
        NotPortableError: Lists what leaves it.
    """
    if found := violations(sql):
        raise NotPortableError(
            f"{name} would not mean the same on every engine: {'; '.join(found)}.",
            remedy="Write it in the portable subset; the module growthring.engine.portable lists its rules.",
        )


def violations(sql: str) -> list[str]:
    """Return what in a statement some engine would refuse or read differently; nothing for a portable one.

    Example:
        >>> violations("SELECT t.amount / 12 AS monthly FROM t")
        ['t.amount / 12: money is never divided; cast both sides to DOUBLE, or count whole units and use //']
    """
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except ParseError as error:
        return [f"not read by the parser: {error.errors[0]['description'] if error.errors else error}"]
    kinds = Definitions(tree)
    found: list[str] = []
    for node in tree.walk():
        for problem in (*_of_shape(node), *_of_functions(node), *_of_numbers(node, kinds)):
            if problem not in found:
                found.append(problem)
    return found


def _of_shape(node: exp.Expr) -> Iterator[str]:
    for kind, problem in _UNSUPPORTED.items():
        if isinstance(node, kind):
            yield f"{_shown(node)}: {problem}"
    if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
        yield "SELECT *: name the columns"
    if isinstance(node, exp.Select):
        for each in node.expressions:
            bare = isinstance(each, exp.Column) and not each.table
            if not bare and not isinstance(each, exp.Alias | exp.Star) and not isinstance(each.this, exp.Star):
                yield f"{_shown(each)}: give it an alias with AS"
    if isinstance(node, exp.Distinct) and node.args.get("on"):
        yield "DISTINCT ON is not known to every engine: use GROUP BY"
    if isinstance(node, exp.Join):
        if node.args.get("using") or node.args.get("method"):
            yield f"{_shown(node)}: join ON a condition"
        if node.args.get("kind") in {"SEMI", "ANTI"}:
            yield f"{_shown(node)}: use EXISTS"
    if isinstance(node, exp.Group) and (node.args.get("all") or any(isinstance(each, exp.Literal) for each in node.expressions)):
        yield f"{_shown(node)}: name the columns to group by"


def _of_functions(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, _CLOCKS):
        yield f"{_shown(node)}: asks the clock or a time zone of the session; pass the day as a parameter"
    elif isinstance(node, exp.DataType) and node.this in _ZONED:
        yield f"{_shown(node)}: follows the time zone of the session; store UTC in TIMESTAMP"
    elif isinstance(node, _ARBITRARY):
        yield f"{_shown(node)}: picks any row of several; use MIN or MAX"
    elif isinstance(node, exp.TimestampTrunc) and node.text("unit").upper() in _CLOCK_UNITS:
        return
    elif isinstance(node, exp.Func) and not isinstance(node, (*_FUNCTIONS, *_SYNTAX, *_UNSUPPORTED)):
        name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
        yield f"{_shown(node)}: the function {name.upper()} has no entry in the table of portable functions"


def _of_numbers(node: exp.Expr, kinds: Definitions) -> Iterator[str]:
    if isinstance(node, exp.IntDiv):
        left, right = kinds.of(node.this), kinds.of(node.expression)
        if not {left, right} <= {Kind.WHOLE, Kind.UNKNOWN}:
            yield f"{_shown(node)}: // is exact between whole numbers only; cast both sides to BIGINT"
    elif isinstance(node, exp.Div):
        if {kinds.of(node.this), kinds.of(node.expression)} != {Kind.DOUBLE}:
            yield f"{_shown(node)}: money is never divided; cast both sides to DOUBLE, or count whole units and use //"
    elif isinstance(node, exp.Mul):
        yield from _of_product(node, kinds)


def _of_product(node: exp.Mul, kinds: Definitions) -> Iterator[str]:
    sides = (node.this, node.expression)
    left, right = (kinds.of(side) for side in sides)
    pair = {left, right}
    if Kind.DOUBLE in pair:
        if pair & {Kind.DECIMAL, Kind.WIDE}:
            yield f"{_shown(node)}: money becomes a float; cast the other side to DOUBLE if that is meant"
    elif any(isinstance(side, exp.Literal) and not side.is_int for side in sides) and pair & {Kind.DECIMAL, Kind.WIDE}:
        yield f"{_shown(node)}: the number is a float on some engines; write CAST(… AS DECIMAL(p,s))"
    elif left is right is Kind.DECIMAL and not all(isinstance(side, exp.Cast | exp.Mul) for side in sides):
        yield f"{_shown(node)}: overflows at 18 digits; cast one side to DECIMAL(38,…) first"
    elif Kind.DECIMAL in pair and any(
        isinstance(side, exp.Literal) and int(side.name) >= _LARGE_FACTOR for side in sides if side.is_int
    ):
        yield f"{_shown(node)}: overflows at 18 digits; cast the money to DECIMAL(38,4) first"
    elif pair <= {Kind.DECIMAL, Kind.WIDE} and not _is_cast(node):
        yield f"{_shown(node)}: engines give products different scales; CAST it AS DECIMAL(38,…)"


def _is_cast(node: exp.Expr) -> bool:
    above = node.parent
    while isinstance(above, exp.Paren | exp.Mul | exp.Neg | exp.Round):
        above = above.parent
    return isinstance(above, exp.Cast)


def _shown(node: exp.Expr) -> str:
    text = node.sql(dialect="duckdb", comments=False)
    return text if len(text) <= 80 else text[:77] + "..."
