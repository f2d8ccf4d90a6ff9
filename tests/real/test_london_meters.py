"""The project of examples/london_meters against bills that plain Python derives from the same files, without SQL or the product.

Every account-month is derived below in exact decimals and compared to the penny; totals stand here a third time, as literals.
"""

import csv
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from growthring.operations.data.problems import summarise_problems
from growthring.operations.data.run import RunResult, run
from growthring.operations.pricing.bill import explain_bill
from growthring.operations.pricing.rating import bills, rate
from growthring.operations.project import Project
from growthring.pricing.book import Assignment, read_books
from growthring.pricing.simulation.simulate import simulate
from growthring.pricing.stored_rating import Rating, open_rating
from tests.conftest import SHARED

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.xdist_group("london_meters")]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "london_meters"
DATA = SHARED / "data" / "london_meters"
_HERE_IN_THE_EXAMPLE = "../../../shared/data/london_meters"

_PENNY = Decimal("0.01")
_STANDING_2012, _STANDING_2013, _STANDING = Decimal("0.2465"), Decimal("0.2604"), Decimal("0.2535")
_KINDS = {"weekday": Decimal("0.1690"), "weekend": Decimal("0.1298"), "holiday": Decimal("0.0950")}

MONTHS = {
    "2011-11": "102.74",
    "2011-12": "3149.49",
    "2012-01": "5865.07",
    "2012-02": "9745.37",
    "2012-03": "12895.90",
    "2012-04": "17808.19",
    "2012-05": "29415.98",
    "2012-06": "36756.25",
    "2012-07": "43704.69",
    "2012-08": "44389.06",
    "2012-09": "46715.38",
    "2012-10": "59615.46",
    "2012-11": "65554.88",
    "2012-12": "71581.41",
    "2013-01": "76582.27",
    "2013-02": "67818.59",
    "2013-03": "72595.71",
    "2013-04": "59994.62",
    "2013-05": "56139.10",
    "2013-06": "51127.02",
    "2013-07": "51122.17",
    "2013-08": "49914.58",
    "2013-09": "52528.73",
    "2013-10": "57839.32",
    "2013-11": "62258.32",
    "2013-12": "66002.22",
    "2014-01": "65304.28",
    "2014-02": "55975.31",
}
"""What all customers are billed by month, in pounds."""

Month = str
AccountMonth = tuple[str, Month]
Bills = dict[AccountMonth, Decimal]


def _pennies(amount: Decimal) -> Decimal:
    return amount.quantize(_PENNY, ROUND_HALF_UP)


# --- the bank holidays of England and Wales, from the rules rather than from a file -------------------------------------------


def _easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian algorithm)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _monday_on_or_after(day: date) -> date:
    return day + timedelta(days=-day.weekday() % 7)


def _bank_holidays(year: int) -> dict[date, str]:
    """Bank holidays by the labels of the file."""
    found = {
        _easter(year) - timedelta(days=2): "Good Friday",
        _easter(year) + timedelta(days=1): "Easter Monday",
        _monday_on_or_after(date(year, 5, 1)): "Early May bank holiday",
        _monday_on_or_after(date(year, 8, 25)): "Summer bank holiday",
    }
    if year == 2012:  # moved for the jubilee
        found[date(2012, 6, 4)] = "Spring bank holiday (substitute day)"
        found[date(2012, 6, 5)] = "Queen's Diamond Jubilee (extra bank holiday)"
    else:
        found[_monday_on_or_after(date(year, 5, 25))] = "Spring bank holiday"
    for day, label in (
        (date(year, 1, 1), "New Year's Day"),
        (date(year, 12, 26), "Boxing Day"),
        (date(year, 12, 25), "Christmas Day"),
    ):
        held = day
        while held.weekday() >= 5 or held in found:
            held += timedelta(days=1)
        found[held] = label if held == day else f"{label} (substitute day)"
    return found


HOLIDAYS = {day: label for year in range(2011, 2015) for day, label in _bank_holidays(year).items()}


# --- what plain Python makes of the files -------------------------------------------------------------------------------------


@dataclass
class Derived:
    """The readings by account and month."""

    read: int = 0
    without_value: list[tuple[str, date]] = field(default_factory=list)
    zeros: list[tuple[str, date]] = field(default_factory=list)
    days: Counter[AccountMonth] = field(default_factory=Counter)
    kwh: dict[AccountMonth, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    kinds: dict[tuple[str, Month, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    last: dict[str, date] = field(default_factory=dict)
    tariff: dict[str, str] = field(default_factory=dict)

    def bills(self, lines: Callable[["Derived", AccountMonth], list[Decimal]], tariff: str = "") -> Bills:
        """The bill of each account-month with a reading."""
        return {each: sum(lines(self, each), Decimal(0)) for each in self.days if tariff in ("", self.tariff[each[0]])}


def _day_kind(day: date) -> str:
    if day in HOLIDAYS:
        return "holiday"
    return "weekend" if day.weekday() >= 5 else "weekday"


def _derive() -> Derived:
    found = Derived()
    with (DATA / "accounts.csv").open() as lines:
        found.tariff = {row["account_id"]: row["tariff"] for row in csv.DictReader(lines)}
    table = pq.read_table(DATA / "daily_kwh.parquet")
    found.read = table.num_rows
    days = set(table["day"].to_pylist())
    kinds, months = {day: _day_kind(day) for day in days}, {day: f"{day:%Y-%m}" for day in days}
    for account, day, kwh in zip(*(table[name].to_pylist() for name in ("LCLid", "day", "kwh")), strict=True):
        if kwh is None:
            found.without_value.append((account, day))
            continue
        if not kwh:
            found.zeros.append((account, day))
        key = (account, months[day])
        found.days[key] += 1
        found.kwh[key] += kwh
        found.kinds[*key, kinds[day]] += kwh
        found.last[account] = max(found.last.get(account, day), day)
    return found


def _tier_by_tier(kwh: Decimal, first: str, second: str, third: str) -> Decimal:
    low, middle = min(kwh, Decimal(150)), min(max(kwh - 150, Decimal(0)), Decimal(350))
    return low * Decimal(first) + middle * Decimal(second) + (kwh - low - middle) * Decimal(third)


def standard(found: Derived, each: AccountMonth) -> list[Decimal]:
    """Lines under the graduated book; its prices rise with 2013."""
    if each[1] < "2013-01":
        energy = _tier_by_tier(found.kwh[each], "0.1605", "0.1389", "0.1302")
        return [_pennies(found.days[each] * _STANDING_2012), _pennies(energy)]
    energy = _tier_by_tier(found.kwh[each], "0.1716", "0.1485", "0.1391")
    return [_pennies(found.days[each] * _STANDING_2013), _pennies(energy)]


def volume(found: Derived, each: AccountMonth) -> list[Decimal]:
    """Lines under the volume book: all units at one price; a bound belongs to the tier below it."""
    kwh = found.kwh[each]
    price = Decimal("0.1740") if kwh <= 150 else Decimal("0.1590") if kwh <= 500 else Decimal("0.1420")
    return [_pennies(found.days[each] * _STANDING), _pennies(kwh * price)]


def day_type(found: Derived, each: AccountMonth) -> list[Decimal]:
    """Lines under the day-type book: the standing charge, then holidays, weekdays and weekends."""
    energy = [_pennies(found.kinds[*each, kind] * _KINDS[kind]) for kind in sorted(_KINDS) if (*each, kind) in found.kinds]
    return [_pennies(found.days[each] * _STANDING), *energy]


BOOKS = {"standard": standard, "volume": volume, "day_type": day_type}


def _by_month(amounts: Bills) -> dict[Month, Decimal]:
    months: dict[Month, Decimal] = defaultdict(Decimal)
    for (_, month), amount in sorted(amounts.items()):
        months[month] += amount
    return dict(months)


# --- the product --------------------------------------------------------------------------------------------------------------


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
    folder = tmp_path_factory.mktemp("london") / "meters"
    project = _copy_of_the_example(folder)
    yield Ran(project, run(project))
    shutil.rmtree(folder.parent)


@pytest.fixture(scope="module")
def rated(ran: Ran) -> Iterator[Rating]:
    rating = rate(ran.project)
    with pytest.MonkeyPatch.context() as patch:  # opened once for all answers
        patch.setattr("growthring.operations.pricing.rating.rate", lambda *_, **__: rating)
        patch.setattr("growthring.operations.pricing.bill.rate", lambda *_, **__: rating)
        yield rating
    rating.connection.close()


def _require_data() -> None:
    if not (DATA / "daily_kwh.parquet").exists():
        pytest.fail(f"The real data are missing: {DATA} must hold daily_kwh.parquet (UK Power Networks).", pytrace=False)


def _copy_of_the_example(folder: Path) -> Project:
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".growthring"))
    settings = (folder / "growthring.toml").read_text()
    assert _HERE_IN_THE_EXAMPLE in settings
    (folder / "growthring.toml").write_text(settings.replace(_HERE_IN_THE_EXAMPLE, str(DATA)))
    return Project.open(folder)


def _billed(rating: Rating) -> Bills:
    """Every bill that asks for something."""
    rows = rating.connection.execute("SELECT account_id, strftime(period_start, '%Y-%m'), amount FROM bill WHERE amount <> 0")
    return {(account, month): amount for account, month, amount in rows.fetchall()}


def _lines(project: Project, account: str, month: Month) -> list[tuple[str, str, str, str, str]]:
    """A bill's rows: component, tier, quantity, unit price, amount."""
    (explained,) = explain_bill(project, account, at=month)
    names = ("component", "tier", "quantity", "unit_price", "amount")
    return [tuple(row[name] for name in names) for row in explained.rows()]


def test_the_example_reads_the_data_where_they_lie() -> None:
    assert (EXAMPLE / _HERE_IN_THE_EXAMPLE).resolve() == DATA.resolve()


def test_every_reading_is_accepted_corrected_or_rejected(ran: Ran, derived: Derived) -> None:
    counts = {file.source: (file.read, file.accepted, file.corrected, file.rejected) for file in ran.result.files}
    assert counts["days"] == (derived.read, derived.read - len(derived.without_value), 0, len(derived.without_value))
    assert counts == {"days": (719315, 719305, 0, 10), "customers": (1141, 1141, 0, 0)}
    assert [(each.code, each.rows) for each in summarise_problems(ran.project)] == [("MISSING_QUANTITY", 10)]


def test_the_holidays_of_the_book_are_those_of_the_calendar_and_not_those_of_the_file(derived: Derived) -> None:
    _, meters = read_books(EXAMPLE / "price_books")
    types = next(each.derived[0].day_type for each in meters if each.derived)
    assert types is not None
    assert set(types.holidays) == {day for day in HOLIDAYS if date(2011, 11, 23) <= day <= date(2014, 2, 28)}
    with (DATA / "uk_bank_holidays.csv").open(encoding="utf-8", errors="replace") as lines:
        rows = [(date.fromisoformat(day), label.replace("?", "'")) for day, label in list(csv.reader(lines))[1:]]
    right = [day for day, label in rows if HOLIDAYS.get(day) == label]
    swapped = [day for day, label in rows if HOLIDAYS.get(day) != label and HOLIDAYS[date(day.year, day.day, day.month)] == label]
    assert (len(right), len(swapped), len(rows)) == (17, 8, 25)


def test_every_bill_is_the_one_that_plain_arithmetic_gives(rated: Rating, derived: Derived) -> None:
    expected = derived.bills(standard, "Std") | derived.bills(day_type, "ToU")
    assert _billed(rated) == expected
    assert len(expected) == 24271


@pytest.mark.usefixtures("rated")
def test_totals_by_book_and_month(ran: Ran, derived: Derived) -> None:
    by_book = {row["book"]: row["amount"] for row in bills(ran.project, by="book").rows}
    std, tou = derived.bills(standard, "Std"), derived.bills(day_type, "ToU")
    assert by_book == {"standard": str(sum(std.values())), "day_type": str(sum(tou.values()))}
    assert by_book == {"standard": "1051279.56", "day_type": "241222.55"}
    by_month = {row["month"]: row["amount"] for row in bills(ran.project).rows}
    assert by_month == {month: str(amount) for month, amount in _by_month(std | tou).items()}
    assert by_month == MONTHS


@pytest.mark.usefixtures("rated")
def test_totals_by_component(ran: Ran, derived: Derived) -> None:
    rows = {row["component"]: (row["quantity"], row["amount"]) for row in bills(ran.project, by="component").rows}
    lines = [standard(derived, each) for each in derived.bills(standard, "Std")]
    lines += [day_type(derived, each) for each in derived.bills(day_type, "ToU")]
    standing, energy = sum(each[0] for each in lines), sum(sum(each[1:]) for each in lines)
    assert rows == {
        "standing": (str(derived.days.total()), str(standing)),
        "energy": (str(sum(derived.kwh.values())), str(energy)),
    }
    assert rows == {"standing": ("719305", "183396.01"), "energy": ("7175730.124", "1109106.10")}


@pytest.mark.parametrize(("name", "total"), [("standard", "1291560.12"), ("volume", "1292613.71"), ("day_type", "1299816.81")])
def test_all_customers_rated_under_one_book(ran: Ran, derived: Derived, name: str, total: str) -> None:
    expected = derived.bills(BOOKS[name])
    rating = _everybody_under(ran.project, name)
    assert _billed(rating) == expected
    rating.connection.close()
    assert str(sum(expected.values())) == total


@pytest.mark.parametrize(
    ("name", "total", "dearer", "cheaper"), [("volume", "1052075.89", 537, 386), ("day_type", "1058594.26", 311, 612)]
)
def test_customers_on_the_standard_tariff_simulated_on_another(
    rated: Rating, derived: Derived, name: str, total: str, dearer: int, cheaper: int
) -> None:
    paid, tried = derived.bills(standard, "Std"), derived.bills(BOOKS[name], "Std")
    before, after = _by_account(paid), _by_account(tried)
    book = next(each for each in rated.terms.books if each.name == name)
    (scenario,) = simulate(
        rated.connection, rated.terms.books, [book], accounts=sorted(before), segment_by=["acorn_group"], beyond=[Decimal(5)]
    ).scenarios
    changes = {each.key: (each.before, each.after) for each in scenario.held.accounts}
    assert changes == {account: (before[account], after[account]) for account in before}
    assert {each.key: each.after for each in scenario.held.months if each.after} == _by_month(tried)
    (sum_of_all,) = scenario.held.totals
    assert (str(sum_of_all.before), str(sum_of_all.after)) == ("1051279.56", total)
    assert sum(after[each] > before[each] for each in before) == dearer
    assert sum(after[each] < before[each] for each in before) == cheaper
    moved = {each.key for each in scenario.held.beyond(Decimal(5))}
    assert moved == {each for each in before if abs(after[each] - before[each]) * 20 > before[each]}


def _by_account(amounts: Bills) -> dict[str, Decimal]:
    accounts: dict[str, Decimal] = defaultdict(Decimal)
    for (account, _), amount in amounts.items():
        accounts[account] += amount
    return dict(accounts)


def _everybody_under(project: Project, name: str) -> Rating:
    snapshot = project.snapshot()
    terms = project.price_terms(snapshot)
    assert terms is not None
    books = tuple(book.model_copy(update={"assign": (Assignment(),) if book.name == name else ()}) for book in terms.books)
    return open_rating(project.store, snapshot, replace(terms, books=books))


@pytest.mark.usefixtures("rated")
def test_a_bill_line_by_line_before_and_after_the_rise(ran: Ran, derived: Derived) -> None:
    assert _lines(ran.project, "MAC000003", "2012-12") == [
        ("standing", "1", "31", "0.2465", "7.64"),
        ("energy", "1", "150", "0.1605", "24.08"),
        ("energy", "2", "350", "0.1389", "48.61"),
        ("energy", "3", "739.251", "0.1302", "96.25"),
        ("total", "", "", "", "176.58"),
    ]
    assert _lines(ran.project, "MAC000003", "2013-05") == [
        ("standing", "1", "31", "0.2604", "8.07"),
        ("energy", "1", "150", "0.1716", "25.74"),
        ("energy", "2", "222.697", "0.1485", "33.07"),
        ("total", "", "", "", "66.88"),
    ]
    assert [str(each) for each in standard(derived, ("MAC000003", "2012-12"))] == ["7.64", "168.94"]
    assert [str(each) for each in standard(derived, ("MAC000003", "2013-05"))] == ["8.07", "58.81"]


@pytest.mark.usefixtures("rated")
def test_a_bill_by_day_type_line_by_line(ran: Ran, derived: Derived) -> None:
    assert _lines(ran.project, "MAC000017", "2013-05") == [
        ("standing", "1", "31", "0.2535", "7.86"),
        ("energy (day_type holiday)", "1", "16.858", "0.095", "1.60"),
        ("energy (day_type weekday)", "1", "107.075", "0.169", "18.10"),
        ("energy (day_type weekend)", "1", "38.102", "0.1298", "4.95"),
        ("total", "", "", "", "32.51"),
    ]
    assert [str(each) for each in day_type(derived, ("MAC000017", "2013-05"))] == ["7.86", "1.60", "18.10", "4.95"]


def test_months_in_which_the_clocks_change_begin_and_end_at_midnight_in_london(rated: Rating, derived: Derived) -> None:
    rows = rated.connection.execute(
        "SELECT strftime(period_start, '%Y-%m'), CAST(starts_at AS VARCHAR), CAST(ends_at AS VARCHAR), seconds "
        "FROM billing_period WHERE period_start IN (DATE '2013-03-01', DATE '2013-10-01') ORDER BY 1"
    ).fetchall()
    assert rows == [
        ("2013-03", "2013-03-01 00:00:00", "2013-03-31 23:00:00", 31 * 86400 - 3600),
        ("2013-10", "2013-09-30 23:00:00", "2013-11-01 00:00:00", 31 * 86400 + 3600),
    ]
    days = rated.connection.execute(
        "SELECT strftime(period_start, '%Y-%m'), SUM(quantity) FROM metered WHERE meter = 'metered_days' GROUP BY 1"
    ).fetchall()
    by_month: Counter[Month] = Counter()
    for (_, month), count in derived.days.items():
        by_month[month] += count
    assert {month: int(count) for month, count in days} == by_month


def test_a_meter_that_ends_early_is_charged_no_day_after_its_last_reading(rated: Rating, derived: Derived) -> None:
    ended = {account: last for account, last in derived.last.items() if last < date(2014, 2, 1)}
    assert len(ended) == 100
    billed = _billed(rated)
    for account, last in ended.items():
        assert max(month for each, month in billed if each == account) == f"{last:%Y-%m}"
    assert rated.connection.execute("SELECT COUNT(*) FROM bill WHERE account_id = 'MAC001300' AND amount <> 0").fetchone() == (1,)


@pytest.mark.usefixtures("rated")
def test_a_day_of_zero_use_costs_its_standing_charge(ran: Ran, derived: Derived) -> None:
    assert len(derived.zeros) == 2394
    idle = sorted(each for each in derived.days if not derived.kwh[each])
    account, month = idle[0]
    days = derived.days[account, month]
    rate_of_the_day = _STANDING_2012 if month < "2013-01" else _STANDING_2013
    (explained,) = explain_bill(ran.project, account, at=month)
    assert [(line.component_id, line.quantity) for line in explained.bill.lines] == [("standing", Decimal(days))]
    assert explained.bill.amount == _pennies(days * rate_of_the_day)


def test_a_late_reading_rates_one_account_period_again_to_the_bytes_of_a_full_rating(ran: Ran, tmp_path: Path) -> None:
    """The reading of 18 December 2012 that the file lacks arrives later."""
    again = tmp_path / "again"
    shutil.copytree(ran.project.root, again)
    late = _with_a_late_reading(again)
    result = run(late)
    assert result.rated_periods == 1
    before, after = ran.result.snapshot.snapshot_id, result.snapshot.snapshot_id
    assert before != after

    fresh = tmp_path / "fresh"
    fresh.mkdir()
    shutil.copytree(again / "price_books", fresh / "price_books")
    shutil.copytree(again / "late", fresh / "late")
    shutil.copy(again / "growthring.toml", fresh)
    full = Project.open(fresh)
    everything = run(full)
    assert everything.rated_periods == ran.result.rated_periods
    assert everything.snapshot.snapshot_id == after
    assert _contents(late) == _contents(full)


def _with_a_late_reading(folder: Path) -> Project:
    (folder / "late").mkdir()
    (folder / "late" / "2013-01.csv").write_text(
        "account_id,meter,day,quantity,known_at\nMAC001300,kwh,2012-12-18,7.125,2013-01-20T08:00:00Z\n"
    )
    with (folder / "growthring.toml").open("a") as settings:
        settings.write('\n[[sources]]\nname = "late"\ntable = "usage"\npreset = "usage_days"\nfiles = ["late/*.csv"]\n')
    return Project.open(folder)


def _contents(project: Project) -> dict[str, dict[str, str]]:
    """The digests of the stored lines and bills of each month."""
    snapshot = project.snapshot()
    terms = project.price_terms(snapshot)
    assert terms is not None
    rating = open_rating(project.store, snapshot, terms)
    assert rating.rated_periods == 0
    contents = {str(month): dict(artifact.contents) for month, artifact in rating.months.items()}
    rating.connection.close()
    return contents
