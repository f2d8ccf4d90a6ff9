"""What kind of number an expression is, as far as one statement tells."""

from enum import Enum, auto

from sqlglot import exp


class Kind(Enum):
    """Kinds of values that arithmetic treats differently."""

    WHOLE = auto()
    DECIMAL = auto()
    WIDE = auto()
    DOUBLE = auto()
    UNKNOWN = auto()


_DECIMAL_NAMES = frozenset({"amount", "rate", "quantity", "unit_price", "numerator", "denominator", "native_change"})
_DECIMAL_ENDINGS = ("_amount", "_quantity", "_rate", "_price")
_WHOLE_TYPES = exp.DataType.INTEGER_TYPES
_COUNTING = (exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Year, exp.Month, exp.Day, exp.DateDiff, exp.IntDiv)
_PASSING = (
    exp.Abs,
    exp.Neg,
    exp.Paren,
    exp.Max,
    exp.Min,
    exp.Round,
    exp.Floor,
    exp.Window,
    exp.Alias,
    exp.Lag,
    exp.Lead,
    exp.Nullif,
    exp.Mod,
)
_CHOOSING = (exp.Coalesce, exp.Least, exp.Greatest)
_ORDER = (Kind.DOUBLE, Kind.WIDE, Kind.DECIMAL, Kind.UNKNOWN, Kind.WHOLE)


class Definitions:
    """Finds where the columns of a statement come from, through its own WITH steps and subqueries.

    Args:
        tree: The whole statement.
    """

    def __init__(self, tree: exp.Expr) -> None:
        self._steps: dict[str, exp.Expr] = {each.alias: each.this for each in tree.find_all(exp.CTE, exp.Subquery) if each.alias}
        self._busy: set[tuple[str, str]] = set()

    def of(self, node: exp.Expr) -> Kind:
        """Return the kind of an expression; unknown when only a stored table could tell."""
        if isinstance(node, exp.Literal):
            return Kind.WHOLE if node.is_int else Kind.DECIMAL if node.is_number and "e" not in node.name.lower() else Kind.DOUBLE
        if isinstance(node, exp.Cast):
            return _of_type(node.to)
        if isinstance(node, _COUNTING):
            return Kind.WHOLE
        if isinstance(node, exp.Column):
            return self._of_column(node)
        if isinstance(node, exp.Sum):
            kind = self.of(node.this)
            return Kind.WIDE if kind is Kind.DECIMAL else kind
        return self._widest(_parts(node))

    def _widest(self, parts: list[exp.Expr]) -> Kind:
        kinds = {self.of(part) for part in parts}
        return next((kind for kind in _ORDER if kind in kinds), Kind.UNKNOWN)

    def _of_column(self, node: exp.Column) -> Kind:
        select = node.find_ancestor(exp.Select)
        source = _source(select, node.table) if select else ""
        if source in self._steps and (source, node.name) not in self._busy:
            self._busy.add((source, node.name))
            try:
                return self._of_output(self._steps[source], node.name)
            finally:
                self._busy.discard((source, node.name))
        if node.name in _DECIMAL_NAMES or node.name.endswith(_DECIMAL_ENDINGS):
            return Kind.DECIMAL
        return Kind.UNKNOWN

    def _of_output(self, step: exp.Expr, name: str) -> Kind:
        selects = [each for each in step.find_all(exp.Select) if _is_branch(each, step)]
        parts = [each for select in selects for each in select.expressions if each.alias_or_name == name]
        return self._widest(parts)


def _parts(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, _PASSING):
        return [node.this]
    if isinstance(node, _CHOOSING):
        return [node.this, *node.expressions]
    if isinstance(node, exp.Case):
        return [*(each.args["true"] for each in node.args["ifs"]), *([node.args["default"]] if node.args.get("default") else [])]
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div):
        return [node.this, node.expression]
    return []


def _of_type(kind: exp.DataType) -> Kind:
    if kind.this in _WHOLE_TYPES:
        return Kind.WHOLE
    if kind.this in exp.DataType.FLOAT_TYPES:
        return Kind.DOUBLE
    if kind.this == exp.DType.DECIMAL:
        digits = int(kind.expressions[0].name) if kind.expressions else 18
        return Kind.WIDE if digits > 18 else Kind.DECIMAL
    return Kind.UNKNOWN


def _source(select: exp.Select, table: str) -> str:
    """Return the name of the step that a table alias of a SELECT stands for."""
    tables = [select.args["from_"], *select.args.get("joins", [])] if select.args.get("from_") else []
    for each in (item.this for item in tables):
        if each.alias_or_name == table or (not table and len(tables) == 1):
            return str(each.name if isinstance(each, exp.Table) else each.alias)
    return table


def _is_branch(select: exp.Select, step: exp.Expr) -> bool:
    """Whether a SELECT is the step itself or one side of its UNION."""
    above: exp.Expr | None = select
    while above is not None and above is not step:
        above = above.parent
        if not isinstance(above, exp.SetOperation) and above is not step:
            return False
    return above is step
