"""Mapping expressions: one scalar SQL expression over a file's columns, and nothing else.

Every node of the parsed expression must be on a list of known, harmless ones. A query, a table function or a function that
reads files, settings or the clock is therefore refused before DuckDB sees it, whatever its name is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from growthring.kernel.errors import ConfigurationError

BUILT_INS = ("_file", "_row", "_occurrence")
"""Names every expression may use: the file's path, the row's number, and the number of this copy of an identical row."""

_OWN_FUNCTIONS = ("from_minor", "from_stripe_minor", "from_epoch")
_ARITHMETIC = (exp.Mul, exp.Add, exp.Sub, exp.Neg, exp.Mod, exp.Abs)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_CONCATENATIONS = (exp.DPipe, exp.Concat, exp.ConcatWs)
_NODES = frozenset(
    [
        "Column",
        "Identifier",
        "Literal",
        "Paren",
        "Neg",
        "Add",
        "Sub",
        "Mul",
        "Div",
        "Mod",
        "DPipe",
        "Concat",
        "ConcatWs",
        "And",
        "Or",
        "Not",
        "EQ",
        "NEQ",
        "GT",
        "GTE",
        "LT",
        "LTE",
        "Is",
        "Null",
        "Boolean",
        "Like",
        "ILike",
        "In",
        "Between",
        "Case",
        "If",
        "Coalesce",
        "Nullif",
        "Cast",
        "TryCast",
        "DataType",
        "DataTypeParam",
        "Interval",
        "Var",
        "NullSafeEQ",
        "NullSafeNEQ",
        "Substring",
        "Left",
        "Right",
        "SplitPart",
        "StrToTime",
        "TimeToStr",
        "Upper",
        "Lower",
        "Trim",
        "Replace",
        "RegexpReplace",
        "RegexpLike",
        "RegexpExtract",
        "Abs",
        "Round",
        "Greatest",
        "Least",
        "TimestampTrunc",
        "DateTrunc",
        "MD5",
        "Length",
        "StartsWith",
        "EndsWith",
        "Contains",
        "Pad",
        "JSONExtractScalar",
        "JSONExtract",
        "JSONPath",
        "JSONPathKey",
        "JSONPathRoot",
        "JSONPathSubscript",
        "LastDay",
        "Floor",
        "Ceil",
        "Sign",
        "Year",
        "Month",
        "Day",
        "DateFromParts",
        "DateDiff",
        "DateAdd",
        "DateSub",
        "AddMonths",
        "Extract",
        "AtTimeZone",
        "StrPosition",
        "Reverse",
        "Translate",
        "SimilarTo",
        "Tuple",
    ]
)
_FUNCTIONS_SHOWN = "upper, lower, trim, replace, substr, split_part, regexp_replace, coalesce, nullif, if, round, abs, date_trunc"


@dataclass(frozen=True)
class Expression:
    """An expression over a file's columns, ready to be put into SQL.

    Attributes:
        sql: The expression; columns are written `t3`, `n3` or `s3`: the fourth column as declared, as a number, as text.
        parts: Those names.
        columns: Indexes of the file's columns it uses.
        missing: Names it uses that the file does not have; then `sql` is of no use.
        occurrence: Whether it numbers identical rows.
        arithmetic: Whether its outcome is a calculation, which can overflow.
        tidy: Whether its text has no blanks at its ends, because it is a column or a constant.
    """

    sql: str
    parts: frozenset[str]
    columns: frozenset[int]
    missing: tuple[str, ...]
    occurrence: bool
    arithmetic: bool
    tidy: bool


def bind_expression(text: str, columns: Sequence[str], types: Mapping[str, str], where: str) -> Expression:
    """Check an expression and resolve the file's columns in it.

    Args:
        text: The expression as written; a plain column name, even one with blanks, stands for that column.
        columns: Names of the file's columns, in order.
        types: Declared types by column name; a calculation reads a column without one as a number.
        where: Place in growthring.toml, for messages.

    Raises:
        ConfigurationError: The expression is not one harmless scalar expression.
    """
    tree: exp.Expression = exp.column(text, quoted=True) if text in columns else _parse(text, where)
    tree = _with_long_paths(tree)
    _refuse_all_but_known(tree, text, where)
    _make_divisions_exact(tree, text, where)
    missing: list[str] = []
    parts: set[str] = set()
    used: set[int] = set()
    for column in list(tree.find_all(exp.Column)):
        name = _dotted(column)
        if name in BUILT_INS:
            continue
        index = _find(name, columns)
        if index is None:
            missing.append(name)
            continue
        part = f"{_reading(column, columns[index] in types)}{index}"
        used.add(index)
        parts.add(part)
        column.replace(exp.column(part))
    _keep_products_in_range(tree)
    names = {column.name for column in tree.find_all(exp.Column)}
    return Expression(
        sql=tree.sql(dialect="duckdb"),
        parts=frozenset(parts),
        columns=frozenset(used),
        missing=tuple(dict.fromkeys(missing)),
        occurrence="_occurrence" in names,
        arithmetic=isinstance(tree.unnest(), _ARITHMETIC) or any(node.name in _OWN_FUNCTIONS for node in _calls(tree)),
        tidy=isinstance(tree.unnest(), exp.Column | exp.Literal | exp.DPipe),
    )


def names_in(text: str) -> tuple[str, ...]:
    """Return the columns an expression names, `data.tokens` as one name; an expression that cannot be read is one name itself.

    Example:
        >>> names_in("data.tokens * 2"), names_in("Unit Price €")
        (('data.tokens',), ('Unit Price €',))
    """
    try:
        tree = _with_long_paths(_parse(text, ""))
    except ConfigurationError:
        return (text,)
    return tuple(dict.fromkeys(_dotted(column) for column in tree.find_all(exp.Column)))


def operand(text: str) -> str:
    """Return an expression so that it can stand inside another one; a column's name with blanks gets its quotes.

    Example:
        >>> operand("a + b"), operand("Event ID")
        ('(a + b)', '"Event ID"')
    """
    try:
        harmless = not isinstance(_parse(text, ""), exp.Alias)
    except ConfigurationError:
        harmless = False
    return f"({text})" if harmless else exp.column(text, quoted=True).sql(dialect="duckdb")


def _dotted(column: exp.Column) -> str:
    """Return a column's name; `data.tokens` is the place `tokens` inside the column `data`, not a table's column."""
    return ".".join(part.name for part in column.parts)


def _with_long_paths(tree: exp.Expression) -> exp.Expression:
    """Write paths of more than four parts, which SQL has no names for, as one column."""
    tree = exp.Paren(this=tree)
    for dot in list(tree.find_all(exp.Dot)):
        parts = dot.parts
        if not isinstance(dot.parent, exp.Dot) and all(isinstance(part, exp.Identifier) for part in parts):
            dot.replace(exp.column(".".join(part.name for part in parts), quoted=True))
    return tree


def _parse(text: str, where: str) -> exp.Expression:
    try:
        statements = sqlglot.parse(text, dialect="duckdb")
    except (SqlglotError, RecursionError) as error:
        first_line = str(error).splitlines()[0]
        raise _refused(text, where, f"It cannot be read: {first_line}.") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Expression):
        raise _refused(text, where, "It is not exactly one expression.")
    return statements[0]


def _refuse_all_but_known(tree: exp.Expression, text: str, where: str) -> None:
    for node in tree.walk():
        if isinstance(node, exp.Anonymous) and str(node.this).lower() in _OWN_FUNCTIONS:
            continue
        if type(node).__name__ not in _NODES or node.args.get("query"):
            raise _refused(text, where, f"`{node.sql(dialect='duckdb')[:60]}` is not allowed.")


def _refused(text: str, where: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"Expression {text!r} of {where} cannot be used. {reason}",
        valid="Valid: one calculation over the file's columns with + - * ||, CASE, comparisons and functions such as "
        f"{_FUNCTIONS_SHOWN}, {', '.join(_OWN_FUNCTIONS)}; {', '.join(BUILT_INS)}. Names with blanks need double quotes.",
        remedy=f"Rewrite {where} in growthring.toml.",
    )


def _make_divisions_exact(tree: exp.Expression, text: str, where: str) -> None:
    """Turn a division by a number such as 100 or 8 into an exact multiplication; refuse any other."""
    for division in list(tree.find_all(exp.Div)):
        divisor = division.expression.unnest()
        inverse = _exact_inverse(Decimal(divisor.this)) if isinstance(divisor, exp.Literal) and not divisor.is_string else None
        if inverse is None:
            raise _refused(text, where, "A division is exact only by a number such as 2, 4, 5, 8, 10, 100 or 1000.")
        division.replace(exp.Paren(this=exp.Mul(this=division.this, expression=exp.Literal.number(f"{inverse:f}"))))


def _exact_inverse(divisor: Decimal) -> Decimal | None:
    if divisor == 0:
        return None
    inverse = (1 / divisor).normalize()
    exact = inverse * divisor == 1 and -int(inverse.as_tuple().exponent) <= 10
    return inverse if exact else None


def _reading(column: exp.Column, declared: bool) -> str:
    user = column.parent
    while isinstance(user, exp.Paren) and user.parent is not None:
        user = user.parent
    if isinstance(user, _CONCATENATIONS):
        return "s"
    if declared:
        return "t"
    if isinstance(user, exp.Anonymous):  # the first argument of our own functions is the number
        return "n" if user.expressions[0].unnest() is column else "t"
    if isinstance(user, _ARITHMETIC) and user.find(exp.Interval) is None:
        return "n"
    numeric = isinstance(user, _COMPARISONS) and any(
        side.is_number for side in (user.left.unnest(), user.right.unnest())
    )  # a text column compared with a number: '10' < 9 as text would be true
    return "n" if numeric else "t"


def _keep_products_in_range(tree: exp.Expression) -> None:
    """Cut a product inside another product to 14 decimals: three factors of ten decimals would leave no room before the point."""
    for product in list(tree.find_all(exp.Mul)):
        if isinstance(product.parent, exp.Mul | exp.Paren) and product.find_ancestor(exp.Mul) and not product.find(exp.Interval):
            product.replace(exp.cast(product.copy(), "DECIMAL(38,14)", dialect="duckdb"))


def _find(name: str, columns: Sequence[str]) -> int | None:
    if name in columns:
        return columns.index(name)
    alike = [index for index, column in enumerate(columns) if column.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _calls(tree: exp.Expression) -> Iterator[exp.Expression]:
    return (node for node in tree.find_all(exp.Anonymous) if str(node.this).lower() in _OWN_FUNCTIONS)
