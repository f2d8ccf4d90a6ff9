"""The project of examples/online_retail against totals that plain Python derives from the same Parquet file, without any SQL.

Every total stands here twice: derived below, line by line in exact decimals, and written out as a literal. A change of the
product, of the example or of the derivation shows as a difference between two of the three.
"""

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.operations.data.problems import summarise_problems
from growthring.operations.data.run import RunResult, run
from growthring.operations.history.decisions import tag_account
from growthring.operations.project import Project
from growthring.operations.revenue.explain import explain
from growthring.operations.revenue.show import View, show
from tests.conftest import SHARED

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.xdist_group("online_retail")]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "online_retail"
DATA = SHARED / "data" / "online_retail" / "online_retail_ii.parquet"
_HERE_IN_THE_EXAMPLE = "../../../shared/data/online_retail"

_CENT = Decimal("0.01")
_OVERLAP_ENDS = datetime(2010, 12, 10)
_FEES = {"POST", "DOT", "C2", "C3", "BANK CHARGES", "AMAZONFEE", "CRUK"}
_ONE_OFFS = {"M", "B", "S", "ADJUST", "ADJUST2"}

MRR = {
    "2009-12": "661728.61",
    "2010-01": "527906.55",
    "2010-02": "487713.18",
    "2010-03": "659013.19",
    "2010-04": "577795.12",
    "2010-05": "557800.04",
    "2010-06": "605196.55",
    "2010-07": "566383.16",
    "2010-08": "584254.88",
    "2010-09": "780697.04",
    "2010-10": "989808.42",
    "2010-11": "1126934.67",
    "2010-12": "550125.08",
    "2011-01": "472772.82",
    "2011-02": "435030.25",
    "2011-03": "574526.45",
    "2011-04": "421952.95",
    "2011-05": "651553.65",
    "2011-06": "641779.85",
    "2011-07": "581340.89",
    "2011-08": "613895.04",
    "2011-09": "923892.88",
    "2011-10": "961979.70",
    "2011-11": "1118694.79",
    "2011-12": "339118.97",
}
"""Goods of customers, cancellations netted, in pounds."""

KINDS = {"usage": "16411894.73", "fee": "126894.44", "one_off": "-182352.81", "credit": "-12785.34"}
"""Money of customers' lines over all months: goods; fees and postage; manual lines, gifts and tests; discounts."""


@dataclass
class Derived:
    """What plain Python makes of the file."""

    read: int = 0
    lines_in_both_sheets: int = 0
    copies_with_customer: int = 0
    copies_without_customer: int = 0
    money_of_copies_without_customer: Decimal = Decimal(0)
    without_customer: int = 0
    money_without_customer: Decimal = Decimal(0)
    accepted: int = 0
    repeated_inside_a_sheet: int = 0
    money_repeated_inside_a_sheet: Decimal = Decimal(0)
    cancellations: int = 0
    money_cancelled: Decimal = Decimal(0)
    kinds: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    lines: Counter[str] = field(default_factory=Counter)
    months: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    customers: dict[str, dict[int, Decimal]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Decimal)))
    countries: dict[int, list[tuple[datetime, str]]] = field(default_factory=lambda: defaultdict(list))

    def country(self, customer: int, before: datetime) -> str:
        """The country of the customer's last line before an instant."""
        return max((at, country) for at, country in self.countries[customer] if at < before)[1]


def _kind(code: str) -> str:
    code = code.strip().upper()
    if code in _FEES:
        return "fee"
    if code in _ONE_OFFS or code.startswith(("GIFT", "TEST")):
        return "one_off"
    return "credit" if code == "D" else "usage"


def _derive() -> Derived:
    """Count the lines of the first sheet, then those of the second that the first does not hold."""
    table = pq.read_table(DATA)
    names = ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
    columns = [table[name].to_pylist() for name in names]
    sheets: dict[str, Counter[tuple[Any, ...]]] = {}
    for sheet, *line in zip(table["sheet"].to_pylist(), *columns, strict=True):
        sheets.setdefault(sheet, Counter())[tuple(line)] += 1
    first, second = sheets["Y2009-2010"], sheets["Y2010-2011"]
    prices = {price: Decimal(repr(price)) for price in set(columns[4])}
    found = Derived(read=table.num_rows)
    in_both = first & second
    found.lines_in_both_sheets = in_both.total()
    for (invoice, code, quantity, at, price, customer, country), count in (first + second - in_both).items():
        copies = in_both[invoice, code, quantity, at, price, customer, country]
        amount = (prices[price] * quantity).quantize(_CENT, rounding=ROUND_HALF_UP)
        if customer is None:
            found.without_customer += count
            found.money_without_customer += amount * count
            found.copies_without_customer += copies
            found.money_of_copies_without_customer += amount * copies
            continue
        found.accepted += count
        found.copies_with_customer += copies
        repeated = count - 1
        found.repeated_inside_a_sheet += repeated
        found.money_repeated_inside_a_sheet += amount * repeated
        if invoice.startswith("C"):
            found.cancellations += count
            found.money_cancelled += amount * count
        kind = _kind(code)
        found.kinds[kind] += amount * count
        found.lines[kind] += count
        found.countries[customer].append((at, country))
        if kind == "usage":
            found.months[f"{at:%Y-%m}"] += amount * count
            found.customers[f"{at:%Y-%m}"][customer] += amount * count
    return found


@dataclass(frozen=True)
class Ran:
    """The example after a run."""

    project: Project
    result: RunResult


@pytest.fixture(scope="module")
def derived() -> Derived:
    _require_data()
    return _derive()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    _require_data()
    folder = tmp_path_factory.mktemp("online_retail")
    settings = (EXAMPLE / "growthring.toml").read_text()
    assert _HERE_IN_THE_EXAMPLE in settings
    (folder / "growthring.toml").write_text(settings.replace(_HERE_IN_THE_EXAMPLE, str(DATA.parent)))
    shutil.copytree(EXAMPLE / "policies", folder / "policies")
    project = Project.open(folder)
    yield Ran(project, run(project))
    shutil.rmtree(folder)


def _require_data() -> None:
    if not DATA.exists():
        pytest.fail(f"The real data are missing: {DATA.parent} must hold {DATA.name} (UCI Online Retail II).", pytrace=False)


def test_the_example_reads_the_data_where_they_lie() -> None:
    assert (EXAMPLE / _HERE_IN_THE_EXAMPLE).resolve() == DATA.parent.resolve()


def test_every_row_is_accepted_corrected_or_rejected(ran: Ran, derived: Derived) -> None:
    counts = {file.source: (file.read, file.accepted, file.corrected, file.rejected) for file in ran.result.files}
    without = derived.without_customer + derived.copies_without_customer
    assert counts["invoices"] == (derived.read, derived.accepted, derived.copies_with_customer, without)
    assert counts["invoices"] == (1067370, 809560, 14803, 243007)
    assert counts["customers"] == (1067370, 809560 + 14803, 0, 243007)


def test_the_overlap_of_the_sheets_is_counted_once(ran: Ran, derived: Derived) -> None:
    problems = {(each.source, each.code): each for each in summarise_problems(ran.project)}
    assert derived.lines_in_both_sheets == derived.copies_with_customer + derived.copies_without_customer == 22523
    assert problems["invoices", "DUPLICATE_COLLAPSED"].rows == derived.copies_with_customer == 14803
    assert problems["invoices", "COPY_WITHOUT_CUSTOMER"].rows == derived.copies_without_customer == 7720


def test_lines_without_customer_are_left_out_and_their_money_is_reported_once(ran: Ran, derived: Derived) -> None:
    problems = {(each.source, each.code): each for each in summarise_problems(ran.project)}
    missing = problems["invoices", "MISSING_ACCOUNT_ID"]
    assert (missing.rows, missing.amounts["GBP"]) == (derived.without_customer, str(derived.money_without_customer))
    assert (missing.rows, missing.amounts["GBP"]) == (235287, "2566093.08")
    assert "235,287 × MISSING_ACCOUNT_ID worth GBP 2,566,093.08" in " ".join(show(ran.project, "mrr", View()).caveats)
    assert problems["invoices", "COPY_WITHOUT_CUSTOMER"].amounts["GBP"] == str(derived.money_of_copies_without_customer)
    assert problems["customers", "NO_CUSTOMER"].rows == 243007


def test_goods_are_recurring_and_fees_postage_and_adjustments_are_typed(ran: Ran, derived: Derived) -> None:
    lines = [row for row in explain(ran.project, "mrr", View(at="2011-11")).rows if row["kind"] == "line"]
    assert {row["line_kind"]: row["amount"] for row in lines} == {kind: str(total) for kind, total in derived.kinds.items()}
    assert {row["line_kind"]: row["lines"] for row in lines} == dict(derived.lines)
    assert {row["line_kind"]: row["amount"] for row in lines} == KINDS


def test_recurring_revenue_of_every_month_is_its_goods_less_cancellations(ran: Ran, derived: Derived) -> None:
    answer = show(ran.project, "mrr", View(since="2009-12", include_partial=True))
    assert {row["at"]: row["value"] for row in answer.rows} == {month: str(total) for month, total in derived.months.items()}
    assert {row["at"]: row["value"] for row in answer.rows} == MRR


def test_cancellations_are_netted_where_they_were_made(derived: Derived) -> None:
    assert (derived.cancellations, str(derived.money_cancelled)) == (18446, "-1087882.14")


def test_a_line_that_stands_twice_inside_a_sheet_counts_twice(derived: Derived) -> None:
    assert (derived.repeated_inside_a_sheet, str(derived.money_repeated_inside_a_sheet)) == (11678, "54229.60")


def _retained(derived: Derived, base: str, now: str) -> tuple[list[int], Decimal, Decimal, Decimal]:
    """The customers with revenue at the base, that revenue, what they bring now, and that without growth.

    A customer that was credited more than it bought brings less than nothing, in both.
    """
    then = {customer: amount for customer, amount in derived.customers[base].items() if amount > 0}
    later = {customer: derived.customers[now].get(customer, Decimal(0)) for customer in then}
    kept = sum((min(then[each], later[each]) for each in then), Decimal(0))
    return list(then), sum(then.values(), Decimal(0)), sum(later.values(), Decimal(0)), kept


def test_retention_of_november_follows_the_customers_of_the_november_before(ran: Ran, derived: Derived) -> None:
    base, then, now, kept = _retained(derived, "2010-11", "2011-11")
    ndr, grr = show(ran.project, "ndr", View(at="2011-11")), show(ran.project, "grr", View(at="2011-11"))
    assert ndr.value == pytest.approx(float(now / then), abs=1e-12)
    assert grr.value == pytest.approx(float(kept / then), abs=1e-12)
    assert (len(base), str(then), str(now), str(kept)) == (1599, "1133637.11", "609833.54", "470911.80")


def test_customers_are_those_with_revenue_in_the_month(ran: Ran, derived: Derived) -> None:
    active = sum(1 for amount in derived.customers["2011-11"].values() if amount > 0)
    assert show(ran.project, "customers", View(at="2011-11")).value == active == 1653


def test_retention_by_country_takes_the_country_a_customer_had_then(ran: Ran, derived: Derived) -> None:
    answer = show(ran.project, "ndr", View(at="2011-11", by="country"))
    base, *_ = _retained(derived, "2010-11", "2011-11")
    countries: dict[str, list[int]] = defaultdict(list)
    for customer in base:
        countries[derived.country(customer, datetime(2010, 12, 1))].append(customer)
    expected = {}
    for country, customers in countries.items():
        then = sum((derived.customers["2010-11"][each] for each in customers), Decimal(0))
        now = sum((derived.customers["2011-11"].get(each, Decimal(0)) for each in customers), Decimal(0))
        expected[country] = (len(customers), pytest.approx(float(now / then), abs=1e-12))
    assert {row["country"]: (row["customers"], row["value"]) for row in answer.rows} == expected
    assert {row["country"]: row["customers"] for row in answer.rows if row["customers"] > 20} == {
        "United Kingdom": 1481,
        "Germany": 26,
        "France": 24,
    }


def test_the_month_that_the_export_cuts_has_no_retention_unless_asked(ran: Ran, derived: Derived) -> None:
    cut = show(ran.project, "ndr", View(at="2011-12"))
    assert cut.value is None
    assert "2011-12 is cut off: the data end on 2011-12-09" in cut.caveats[0]
    assert show(ran.project, "ndr", View()).at == "2011-11"
    asked = show(ran.project, "ndr", View(at="2011-12", include_partial=True))
    _, then, now, _ = _retained(derived, "2010-12", "2011-12")
    assert asked.value == pytest.approx(float(now / then), abs=1e-12)
    assert "2011-12 is partial: the data end on 2011-12-09." in asked.caveats


def test_a_note_about_a_customer_that_no_line_names_is_refused(ran: Ran) -> None:
    with pytest.raises(GrowthringError, match="No row names the account '99999'"):
        tag_account(ran.project, "99999", "one_off", "2011-11", None, because="a typing error", author="ana")


def test_the_ledger_says_how_every_month_came_about(ran: Ran) -> None:
    rows = show(ran.project, "movements", View(since="2010-01", include_partial=True)).rows
    assert [row["at"] for row in rows] == [str(Month.parse("2010-01") + step) for step in range(24)]
    for row in rows:
        moved = sum(Decimal(amount) for name, amount in row.items() if name not in ("at", "start", "end"))
        assert Decimal(row["start"]) + moved == Decimal(row["end"]) == Decimal(MRR[row["at"]])
