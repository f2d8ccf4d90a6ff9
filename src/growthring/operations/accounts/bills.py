"""Bills of one account: which there are, and one of them line by line."""

from decimal import Decimal

from growthring.engine.relation import literal
from growthring.kernel.period import Month
from growthring.operations.answer import Answer, by_currency, money
from growthring.operations.pricing.bill import explain_bill
from growthring.operations.pricing.quote import Asked, quote
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project

_DEFINITIONS = {
    "account_bills": "What price books ask of one customer for each billing period that begins in a month, before credits.",
    "account_bill": "One customer's bill, rated a second time line by line; quantity × price, adjustments and total add up.",
}


def account_bills(project: Project, account: str) -> Answer:
    """Answer for which months an account has bills, the latest first, with their amounts; no rows where it has none.

    Raises:
        GrowthringError: The project has no price books, or no data.
    """
    rating = rate(project)
    statement = (
        "SELECT CAST(YEAR(period_start) * 12 + MONTH(period_start) - 1 AS INTEGER) AS month, currency, COUNT(*) AS bills, "
        f"SUM(amount) AS amount FROM bill WHERE account_id = {literal(account)} GROUP BY 1, 2 ORDER BY 1 DESC, 2"
    )
    rows = [
        {"at": str(Month(month)), "bills": bills, "amount": money(amount, currency), "currency": currency}
        for month, currency, bills, amount in rating.connection.execute(statement).fetchall()
    ]
    value, unit = (rows[0]["amount"], rows[0]["currency"]) if rows else (None, "")
    return Answer(
        metric="account_bills",
        value=value,
        unit=unit,
        at=rows[0]["at"] if rows else rating.terms.through.isoformat(),
        definition=_DEFINITIONS["account_bills"],
        policy={"name": ", ".join(sorted({book.policy for book in rating.terms.books})), "version": "rating"},
        snapshot=project.snapshot().snapshot_id,
        rows=rows,
        sql=statement,
    )


def account_bill(project: Project, account: str, at: str | None = None) -> Answer:
    """Answer an account's bill of a month line by line: tier, quantity, price, adjustments and how each amount came about.

    Args:
        project: The project.
        account: The account.
        at: The month; the last one with a bill when absent.

    Raises:
        GrowthringError: The account has no bill then.
    """
    explained = explain_bill(project, account, at=at)
    several = len(explained) > 1
    rows = [
        {**({"period": f"{each.subscription_id} {each.period_start}"} if several else {}), **row, "currency": each.bill.currency}
        for each in explained
        for row in each.rows()
    ]
    totals: dict[str, Decimal] = {}
    for each in explained:
        totals[each.bill.currency] = totals.get(each.bill.currency, Decimal(0)) + each.bill.amount
    value, unit = by_currency(totals)
    first = explained[0]
    return Answer(
        metric="account_bill",
        value=value,
        unit=unit,
        at=f"{first.period_start:%Y-%m}",
        definition=_DEFINITIONS["account_bill"],
        policy={"name": first.book, "version": first.version},
        snapshot=project.snapshot().snapshot_id,
        rows=rows,
        caveats=[
            f"{each.subscription_id}: {each.period_start} to {each.period_end} (the first day after), "
            f"{each.share.active} of {each.share.whole} {each.share.unit}."
            for each in explained
            if several or each.share.active != each.share.whole
        ]
        + list(dict.fromkeys(each.so_far for each in explained if each.so_far)),
    )


def account_budget(project: Project, account: str, share: Decimal, meter: str = "", at: str | None = None) -> Answer:
    """Answer what a budget of a share of an account's bill buys, when it will be reached, and what other plans cost (PR-09).

    Args:
        project: The project.
        account: The account.
        share: The budget as a share of the bill of the month.
        meter: The meter that the budget is spent on; the one that costs most when empty.
        at: The month; the last one with a bill when absent.

    Raises:
        GrowthringError: The account has no bill then.
    """
    bill = quote(project, account, Asked(meter=meter, at=at))
    budget = Decimal(money(Decimal(str(bill.value)) * share, bill.unit))
    found = quote(project, account, Asked(meter=meter, at=at, budget=budget))
    rows = [row for row in found.rows if row["kind"] not in ("price", "more")]
    return Answer(**found.as_dict() | {"metric": "account_budget", "value": str(budget), "rows": rows})
