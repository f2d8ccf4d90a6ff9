"""What the columns of an unknown file probably are, and which canonical table the file is meant for."""

import re
from collections.abc import Callable, Mapping

from growthring.sources.profile import ColumnProfile, FileProfile
from growthring.tables import CANONICAL

_SYNONYMS: dict[str, str] = {
    "invoice_line_id": "invoicelineid lineid lineitemid invoicelineitemid invoiceitemid",
    "contract_line_id": "contractlineid subscriptionitemid subscriptionlineid",
    "usage_id": "usageid eventid recordid messageid",
    "invoice_id": "invoice invoiceno invoicenumber invoiceid invoicenum documentno documentnumber billno billid "
    "orderid orderno ordernumber",
    "account_id": "accountid account accountno accountnumber customerid customer customerno customernumber custid "
    "clientid client "
    "companyid userid tenantid organizationid orgid lclid",
    "product_id": "productid product productcode sku stockcode item itemid itemcode article articleno planid plan priceid",
    "contract_id": "contractid contract contractno subscriptionid subscription agreementid",
    "quantity": "quantity qty units seats licenses licences count volume kwh usage consumption",
    "unit_price": "unitprice price priceperunit unitcost priceeach listprice",
    "amount": "amount total totalamount linetotal lineamount netamount net revenue netrevenue sales value mrr fee",
    "issued_on": "issuedon invoicedate issuedate issued date billingdate billdate orderdate documentdate createdat "
    "created transactiondate",
    "period_start": "periodstart servicestart servicefrom periodfrom serviceperiodstart",
    "period_end": "periodend serviceend serviceto periodto serviceperiodend",
    "starts_on": "startson startdate start starts begindate validfrom effectivefrom",
    "ends_on": "endson enddate end ends expirydate expires validto effectiveto",
    "signed_on": "signedon signdate signed signaturedate",
    "currency": "currency currencycode cur ccy isocurrency",
    "kind": "kind linetype",
    "due_on": "dueon duedate due",
    "paid_on": "paidon paiddate paymentdate paid",
    "name": "name customername accountname companyname company clientname",
    "parent_account_id": "parentaccountid parentid parent parentaccount parentcustomer",
    "billing_interval": "billinginterval interval billingperiod",
    "interval_count": "intervalcount",
    "meter": "meter metric eventname event metername feature",
    "used_at": "usedat timestamp time day eventtime recordedat month",
    "base_currency": "basecurrency fromcurrency base sourcecurrency",
    "quote_currency": "quotecurrency tocurrency quote targetcurrency",
    "rate": "rate fxrate exchangerate",
    "rate_on": "rateon ratedate",
    "family": "family productfamily category productcategory productline",
}
_BY_NAME = {synonym: role for role, synonyms in _SYNONYMS.items() for synonym in synonyms.split()}
ATTRIBUTE_NAMES = frozenset(
    [
        "country",
        "region",
        "state",
        "city",
        "segment",
        "industry",
        "sector",
        "channel",
        "market",
        "tier",
        "size",
        "employees",
        "territory",
        "plan",
        "tariff",
        "acorn",
    ]
)
"""Normalised column names that describe a customer rather than an invoice line."""

SPLITTING_NAMES = frozenset(["sheet", "sheetname", "tab", "page", "batch", "export", "exportfile", "source", "file", "filename"])
"""Normalised names of columns that say where a line was copied from."""

_DATES = (
    "issued_on",
    "period_start",
    "period_end",
    "starts_on",
    "ends_on",
    "signed_on",
    "used_at",
    "rate_on",
    "due_on",
    "paid_on",
)
_NUMBERS = ("quantity", "unit_price", "amount", "rate", "interval_count")


def normalised(name: str) -> str:
    """Return a column name without case, blanks and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def guess_roles(profile: FileProfile) -> dict[str, str]:
    """Return the file's column for each role that one was found for; the first fitting column takes the role."""
    roles: dict[str, str] = {}
    for column in profile.columns.values():
        role = _BY_NAME.get(normalised(column.name))
        if role and role not in roles and _fits(role, column):
            roles[role] = column.name
    return roles


def _fits(role: str, column: ColumnProfile) -> bool:
    if not column.filled:
        return True
    if role in _DATES:
        return column.date or bool(column.formats)
    if role in _NUMBERS:
        return column.numeric
    return column.currency if role == "currency" else True


def canonical_table(columns: Mapping[str, object]) -> str | None:
    """Return the table whose own column names the file uses, when it has all that the table requires."""
    best: tuple[int, str] | None = None
    for table in CANONICAL.values():
        required = [
            column.name
            for column in table.columns
            if column.required and column.default is None and column.name not in ("known_at", "source_file", "source_row")
        ]
        if all(name in columns for name in required):
            score = sum(name in columns for name in table.column_names) + (table.key[0] in columns)
            if best is None or score > best[0]:
                best = (score, table.name)
    return best[1] if best else None


def guess_table(profile: FileProfile, roles: Mapping[str, str]) -> str | None:
    """Return the table a file is probably meant for, from the roles its columns play."""
    has: Callable[..., bool] = lambda *names: all(name in roles for name in names)  # noqa: E731
    money = has("amount") or has("quantity", "unit_price")
    dated = has("issued_on") or has("period_start") or has("used_at")
    rules = (
        ("fx_rate", has("rate") and (has("base_currency") or has("quote_currency"))),
        ("invoice_line", has("account_id") and money and dated),
        ("usage", has("account_id", "quantity") and dated),
        ("contract_line", has("account_id", "starts_on") and money),
        ("contract", has("account_id", "contract_id", "starts_on")),
        ("account", has("account_id") and profile.unique(roles["account_id"])),
        ("product", has("product_id") and not has("account_id")),
        ("account", has("name") and profile.unique(roles["name"])),
    )
    return next((table for table, fits in rules if fits), None)
