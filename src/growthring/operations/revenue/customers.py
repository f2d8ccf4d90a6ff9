"""Customers behind a figure: who moved it or makes it up, chosen, ordered and cut where the data are."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from growthring.engine.relation import Relation, compose, literal
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, Value, money
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats
from growthring.operations.revenue.names import NAMES, names_of
from growthring.operations.revenue.show import View, period_asked
from growthring.operations.revenue.standalone import standalone
from growthring.revenue.evaluation import Question, account_attributes, base_month, question_chain
from growthring.revenue.metrics import Metric, metric
from growthring.revenue.policy import Level
from growthring.tables import MOVEMENTS

PRODUCT_GROUPS = ("product", "product_family")
"""What revenue can be broken down by besides the attributes of accounts."""

_COLUMNS = ("customer", "name", "before", "amount", "after", "drivers")
_COUNTED = ("logo_retention", "cohort_logo")
_DRIVEN = "NULLIF(COALESCE(NULLIF(flow.reason, ''), flow.driver), '')"
_NOTHING = "CAST(0 AS DECIMAL(18,4))"


@dataclass(frozen=True, slots=True)
class Part:
    """Which customers are asked for.

    Attributes:
        movement: Those with a movement of this kind in the period; the amount is then that movement.
        driver: Only movements with this driver.
        by: Attribute, ``product`` or ``product_family`` that ``group`` is a value of.
        group: Those of this group.
        vintage: Those whose first revenue lies in this period.
        since: The month compared with, where it is not the one before the period.
    """

    movement: str = ""
    driver: str = ""
    by: str = ""
    group: str = ""
    vintage: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which rows are wanted.

    Attributes:
        order: Column to order by, ``-`` before it for the largest first; the most moved first when empty.
        find: Text that the customer's name or identifier holds.
        offset: Rows left out at the start.
        limit: Most rows; 0 for all.
    """

    order: str = ""
    find: str = ""
    offset: int = 0
    limit: int = 0


def customers(
    project: Project, name: str, view: View, part: Part, cut: Cut, *, policy: str | None = None, progress: Progress = silent
) -> Answer:
    """Answer which customers are behind a figure, and with how much.

    The value is how many there are; the first row (``total``) adds all of them up and names the month compared with, the others
    (``customer``) are those of the page asked for. ``before`` and ``after`` are recurring revenue at both ends of the period,
    what a rate compares, or what a cohort began with and has left; ``amount`` is the movement asked for, else their difference.

    Args:
        project: The project.
        name: Metric: a rate such as ndr lists its base, a cohort all of its vintage, any other one who has revenue at the end.
        view: The period.
        part: Which customers.
        cut: Order, text and page.
        policy: Policy name; the project's when absent.
        progress: Told about what has to be computed first.

    Raises:
        UnknownValueError: There is no such movement, attribute or column.
    """
    if part.movement and part.movement not in MOVEMENTS:
        raise UnknownValueError("movement", part.movement, MOVEMENTS)
    wanted = metric(name)
    reading = view.read(project, project.policy(policy), wanted, progress)
    month, period = period_asked(reading, view)
    asked = _Asked(reading, wanted, month, period, part)
    rows, (count, *sums) = _found(asked, cut)
    totals = _amounts(asked, [each or Decimal(0) for each in sums])
    total = {"kind": "total", "customers": count, **totals, "since": str(asked.start)}
    return Answer(
        metric="customers_behind",
        value=count,
        unit="count",
        at=reading.ledger.setting.calendar.label(month, period),
        definition=_definition(asked),
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=[total, *(_row(asked, row) for row in rows)],
        sql=standalone(reading, _base(asked), *asked.chain),
        caveats=caveats(reading, [month]),
    )


@dataclass(frozen=True)
class _Asked:
    """What is asked of an open ledger."""

    reading: Reading
    metric: Metric
    month: Month
    period: PeriodKind
    part: Part

    @property
    def start(self) -> Month:
        """The month compared with: of a rate, the date of its base; of a cohort, the month before its first one."""
        if self.is_compared:
            return base_month(self.reading.policy, self.metric, self.month, self.period)
        if self.is_cohort and self.part.vintage:
            return self.reading.ledger.setting.calendar.parse(self.part.vintage)[0] - 1
        return _start(self.reading, self.month, self.period, self.part.since)

    @property
    def is_compared(self) -> bool:
        """Whether the customers are those of a rate's base."""
        return self.metric.relation in ("retention", "renewal") and not self.part.movement

    @property
    def is_cohort(self) -> bool:
        """Whether the customers are those of a vintage, gone or not."""
        return self.metric.relation == "cohort" and not self.part.movement

    @property
    def is_of_product(self) -> bool:
        """Whether some products are looked at, by what they bring rather than by a rate."""
        return bool(self.part.group) and self.part.by in PRODUCT_GROUPS and not self.is_compared

    @property
    def chain(self) -> list[Relation]:
        """The relations from the ledger to what customers contribute."""
        known = (*account_attributes(self.reading.ledger), *PRODUCT_GROUPS)
        if self.part.by and self.part.by not in known:
            raise UnknownValueError("attribute", self.part.by, known)
        by = self.part.by if self.part.group and not self.is_of_product else ""
        chain = question_chain(self.reading.ledger, Question(self.metric, (self.month,), self.period, by))
        start = _start(self.reading, self.month, self.period, self.part.since)
        span = f"{(self.month - self.period.months).index} AS start_month"
        return [
            Relation(each.name, each.sql.replace(span, f"{start.index} AS start_month")) if each.name == "evaluation" else each
            for each in chain
        ]


def _start(reading: Reading, month: Month, period: PeriodKind, since: str) -> Month:
    if not since:
        return month - period.months
    start = reading.ledger.setting.calendar.parse(since)[1]
    return start if start < month else month - period.months


def _base(asked: _Asked) -> str:
    """Return the statement of what each customer of the part has: before, moved, after and what drove it."""
    if asked.is_compared:
        only = f" WHERE group_value = {literal(asked.part.group)}" if asked.part.group else ""
        return (
            f"SELECT entity_id, {_customer_of(asked)} AS customer_id, SUM(denominator) AS before_amount, "
            "SUM(numerator) - SUM(denominator) AS moved_amount, SUM(numerator) AS after_amount, '' AS drivers "
            f"FROM contribution{only} GROUP BY entity_id"
        )
    if asked.is_cohort:
        return _cohort(asked)
    balance, flow = _by_product(asked) if asked.is_of_product else ("balance", "flow")
    grouped = "" if asked.is_of_product else _grouped(asked)
    key = "balance.customer_id" if asked.is_of_product else "balance.entity_id"
    if not asked.part.movement:
        return (
            f"SELECT balance.entity_id AS entity_id, {key} AS customer_id, balance.start_amount AS before_amount, "
            "balance.end_amount - balance.start_amount AS moved_amount, balance.end_amount AS after_amount, '' AS drivers "
            f"FROM {balance}{grouped.format(of='balance')} {'AND' if grouped else 'WHERE'} balance.end_amount <> 0"
        )
    driven = f" AND flow.driver = {literal(asked.part.driver)}" if asked.part.driver else ""
    whose = "MIN(flow.customer_id)" if asked.is_of_product else "flow.entity_id"
    return (
        "SELECT moved.entity_id AS entity_id, moved.customer_id AS customer_id, "
        f"COALESCE(balance.start_amount, {_NOTHING}) AS before_amount, moved.moved_amount AS moved_amount, "
        f"COALESCE(balance.end_amount, {_NOTHING}) AS after_amount, moved.drivers AS drivers FROM ("
        f"SELECT flow.entity_id AS entity_id, {whose} AS customer_id, SUM(flow.movement_amount) AS moved_amount, "
        f"STRING_AGG(DISTINCT {_DRIVEN}, ', ' ORDER BY {_DRIVEN}) AS drivers "
        f"FROM {flow}{grouped.format(of='flow')} {'AND' if grouped else 'WHERE'} flow.movement = {literal(asked.part.movement)}"
        f"{driven} GROUP BY flow.entity_id) AS moved LEFT JOIN {balance} ON balance.entity_id = moved.entity_id"
    )


def _cohort(asked: _Asked) -> str:
    """Return what each customer that ever came had in its first month, and what is left of it."""
    value = "CASE WHEN month.amount > 0 THEN 1 ELSE 0 END" if asked.metric.name in _COUNTED else "month.amount"
    first, last = (
        f"CAST(SUM(CASE WHEN month.month = {at} THEN {value} ELSE {_NOTHING} END) AS DECIMAL(18,4))"
        for at in ("begun.first_month", asked.month.index)
    )
    return (
        f"SELECT month.entity_id AS entity_id, month.entity_id AS customer_id, {first} AS before_amount, "
        f"{last} - {first} AS moved_amount, {last} AS after_amount, '' AS drivers FROM entity_month AS month JOIN ("
        "SELECT entity_id, MIN(month) AS first_month FROM entity_month WHERE amount > 0 GROUP BY entity_id"
        f") AS begun ON begun.entity_id = month.entity_id WHERE begun.first_month <= {asked.month.index} GROUP BY month.entity_id"
    )


def _by_product(asked: _Asked) -> tuple[str, str]:
    """Return balances and movements of some products, read from the months of the period alone."""
    column = "product.family" if asked.part.by == "product_family" else "COALESCE(product.name, sold.product_id)"
    found = asked.reading.ledger.connection.execute(
        "SELECT sold.product_id FROM (SELECT DISTINCT product_id FROM movement) AS sold "
        f"LEFT JOIN product ON product.product_id = sold.product_id WHERE COALESCE({column}, '(unknown)') = ? ORDER BY 1",
        [asked.part.group],
    ).fetchall()
    products = ", ".join(literal(row[0]) for row in found) or "''"
    whose = "entity_id || ' · ' || product_id AS entity_id, entity_id AS customer_id"
    start, month = asked.start.index, asked.month.index
    amounts = ", ".join(
        f"CAST(SUM(CASE WHEN month = {at} THEN recurring_amount ELSE {_NOTHING} END) AS DECIMAL(18,4)) AS {name}"
        for name, at in (("start_amount", start), ("end_amount", month))
    )
    return (
        f"(SELECT {whose}, {amounts} FROM panel WHERE month IN ({start}, {month}) AND product_id IN ({products}) "
        "GROUP BY entity_id, product_id) AS balance",
        f"(SELECT {whose}, movement, driver, reason, movement_amount FROM movement "
        f"WHERE month > {start} AND month <= {month} AND product_id IN ({products})) AS flow",
    )


def _grouped(asked: _Asked) -> str:
    """Return the join that leaves the customers of a group; empty when none is asked for."""
    if not asked.part.group:
        return ""
    return (
        " JOIN month_spine AS spine ON spine.month = {of}.at_month LEFT JOIN grouping ON grouping.entity_id = {of}.entity_id "
        "AND spine.last_day >= grouping.from_on AND spine.last_day < grouping.to_on "
        f"WHERE COALESCE(grouping.group_value, '(unknown)') = {literal(asked.part.group).replace('{', '{{').replace('}', '}}')}"
    )


def _found(asked: _Asked, cut: Cut) -> tuple[list[tuple[Any, ...]], Sequence[Any]]:
    """Return the customers of the page asked for, then how many match and what they add up to."""
    execute = asked.reading.ledger.connection.execute
    is_named = bool(cut.find) or cut.order.removeprefix("-") == "name"
    chosen = _named(_chosen(asked), cut) if is_named else f"SELECT *, owner_id AS name FROM ({_chosen(asked)})"
    sums = ", ".join(f"SUM({each}_amount) OVER ()" for each in ("before", "moved", "after"))
    rows = execute(
        f"SELECT owner_id, entity_id, name, before_amount, moved_amount, after_amount, drivers, COUNT(*) OVER (), {sums} "
        f"FROM ({chosen}) ORDER BY {_order(cut, asked.part)} {f'LIMIT {cut.limit} OFFSET {cut.offset}' if cut.limit else ''}"
    ).fetchall()
    if not rows:
        rows = execute(
            f"SELECT 1, 2, 3, 4, 5, 6, 7, COUNT(*), SUM(before_amount), SUM(moved_amount), SUM(after_amount) FROM ({chosen})"
        ).fetchall()
        return [], rows[0][7:]
    names = {} if is_named else names_of(asked.reading, {row[0] for row in rows})
    return [(*row[:2], names.get(row[0], row[2]), *row[3:7]) for row in rows], rows[0][7:]


def _chosen(asked: _Asked) -> str:
    """Return the statement of all customers of the part with the account that each is."""
    behind = compose([*asked.chain, Relation("behind", _base(asked))], "behind")
    if asked.reading.policy.level in (Level.ACCOUNT, Level.PARENT):
        owned = f"SELECT *, customer_id AS owner_id FROM ({behind})"
    else:
        own = "SELECT entity_id, MIN(account_id) AS owner_id FROM movement GROUP BY entity_id"
        owned = (
            f"SELECT behind.*, own.owner_id FROM ({behind}) AS behind JOIN ({own}) AS own ON own.entity_id = behind.customer_id"
        )
    return f"SELECT * FROM ({owned}) AS owned{_of_vintage(asked)}"


def _named(chosen: str, cut: Cut) -> str:
    """Return the statement of customers with their names, of those alone that hold a text."""
    find = literal(cut.find.lower())
    matching = f"WHERE CONTAINS(LOWER(name), {find}) OR CONTAINS(LOWER(entity_id), {find})" if cut.find else ""
    return (
        f"SELECT * FROM (SELECT chosen.*, COALESCE(known.name, chosen.owner_id) AS name FROM ({chosen}) AS chosen "
        f"LEFT JOIN ({NAMES}) AS known ON known.account_id = chosen.owner_id) {matching}"
    )


def _customer_of(asked: _Asked) -> str:
    """Return the customer of a row: where products are looked at, each product of a customer counts as one."""
    if not asked.part.group or asked.part.by not in PRODUCT_GROUPS:
        return "entity_id"
    products = asked.reading.ledger.connection.execute("SELECT DISTINCT product_id FROM movement").fetchall()
    endings = sorted({f" · {row[0]}" for row in products}, key=len, reverse=True)
    cases = " ".join(
        f"WHEN ENDS_WITH(entity_id, {literal(each)}) THEN LEFT(entity_id, LENGTH(entity_id) - {len(each)})" for each in endings
    )
    return f"CASE {cases} ELSE entity_id END" if cases else "entity_id"


def _of_vintage(asked: _Asked) -> str:
    if not asked.part.vintage:
        return ""
    first, last = asked.reading.ledger.setting.calendar.parse(asked.part.vintage)
    return (
        " WHERE owned.customer_id IN (SELECT entity_id FROM entity_month WHERE amount > 0 GROUP BY entity_id "
        f"HAVING MIN(month) BETWEEN {first.index} AND {last.index})"
    )


def _order(cut: Cut, part: Part) -> str:
    name = cut.order.removeprefix("-")
    if not name:
        return "ABS(moved_amount) DESC, entity_id" if part.movement else "after_amount DESC, entity_id"
    if name not in _COLUMNS:
        raise UnknownValueError("column", name, _COLUMNS)
    column = {
        "customer": "entity_id", "name": "LOWER(name)", "before": "before_amount", "amount": "moved_amount",
        "after": "after_amount", "drivers": "drivers",
    }[name]  # fmt: skip
    return f"{column} {'DESC' if cut.order.startswith('-') else 'ASC'} NULLS LAST, entity_id"


def _row(asked: _Asked, row: Sequence[Any]) -> dict[str, Any]:
    owner, entity, name, *amounts, driven = row
    who = {"kind": "customer", "customer": owner, "entity": entity, "name": name}
    return {**who, **_amounts(asked, amounts), "drivers": driven or ""}


def _amounts(asked: _Asked, amounts: Sequence[Decimal]) -> dict[str, Value]:
    written: list[Value] = [
        int(each) if asked.metric.name in _COUNTED else money(Decimal(each), asked.reading.currency) for each in amounts
    ]
    return dict(zip(("before", "amount", "after"), written, strict=True))


def _definition(asked: _Asked) -> str:
    if asked.is_compared:
        return f"Customers in the base of {asked.metric.title}: what the rate compares of each, then and now."
    if asked.is_cohort:
        return f"Customers since {asked.part.vintage or 'the beginning'}: what each had in its first month, and in {asked.month}."
    if asked.part.movement:
        return f"Customers with {asked.part.movement} from {asked.start} to {asked.month}, and with how much."
    return f"Customers with recurring revenue in {asked.month}, and what they had in {asked.start}."
