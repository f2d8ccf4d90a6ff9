"""What of one account can be forecast by itself: the products it pays for, and the meters it uses."""

from dataclasses import dataclass

from growthring.operations.accounts.overview import known_account
from growthring.operations.project import Project


@dataclass(frozen=True, slots=True)
class AccountSeries:
    """Parts of an account.

    Attributes:
        products: Id and name of each product that ever brought recurring revenue.
        meters: Meters with records of its usage.
    """

    products: tuple[tuple[str, str], ...]
    meters: tuple[str, ...]


def account_series(project: Project, account: str) -> AccountSeries:
    """Return the products and the meters of an account.

    Raises:
        GrowthringError: No row names the account.
    """
    book = known_account(project, account)
    products = book.rows(
        "SELECT paid.product_id, COALESCE(product.name, paid.product_id) AS name "
        "FROM (SELECT DISTINCT product_id FROM panel WHERE account_id = $1) AS paid LEFT JOIN product USING (product_id) "
        "ORDER BY 2, 1",
        account,
    )
    meters = book.rows("SELECT DISTINCT meter FROM usage WHERE account_id = $1 AND meter IS NOT NULL ORDER BY 1", account)
    return AccountSeries(tuple((row["product_id"], row["name"]) for row in products), tuple(str(row["meter"]) for row in meters))
