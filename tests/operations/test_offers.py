"""Offers, trials, the free tier and revenue by type, from files of a project to answers."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.operations.data.problems import summarise_problems
from growthring.operations.offers.discounts import discount_quota, discounts
from growthring.operations.offers.free_tier import free_tier
from growthring.operations.offers.prices import price_points, price_review
from growthring.operations.offers.revenue_types import revenue_types
from growthring.operations.offers.terms import contract_terms
from growthring.operations.offers.trials import trials
from growthring.operations.project import Project
from tests.operations.books import USAGE, Books

MORE = """
[[sources]]
name = "offers"
table = "offer"
files = "raw/offers.csv"

[[sources]]
name = "trials"
table = "trial"
files = "raw/trials.csv"

[[sources]]
name = "products"
table = "product"
files = "raw/products.csv"
"""
FREE_BOOK = """\
name: brook
currency: USD
meters:
  - id: calls
versions:
  - effective_from: 2023-01-01
    components:
      - id: api
        meter: calls
        included_units: 100
        price: {model: per_unit, unit_price: 0.10}
assign:
  - {}
"""
OFFER = (
    "offer_id,account_id,segment,product_id,offered_on,list_amount,amount,gift,term_months,prepaid,rep,manager,decided_on,"
    "outcome,currency"
)
USED = [
    ("f1", "anna", "2024-01-10", 60), ("f2", "anna", "2024-02-10", 100), ("f3", "anna", "2024-03-10", 300),
    ("f4", "bert", "2024-01-11", 20), ("p1", "carl", "2024-01-12", 150),
]  # fmt: skip


def day(number: int) -> date:
    return date(2024, 1, 1) + timedelta(days=number)


def offers() -> list[str]:
    """Thirty offers at 1200 (24 won), thirty at 900 (24 won, all with a discount), a short one, and one in another currency."""
    rows = [OFFER]
    for n in range(60):
        net, gift = (1200, "") if n % 2 else (900, "mug" if n % 4 else "")
        outcome = "lost" if n // 2 % 5 == 4 else "won"
        rows.append(
            f"o{n:02},a{n},mid,plan,{day(n)},1200,{net},{gift},12,no,{'rita' if n < 40 else 'sam'},max,{day(n)},{outcome},USD"
        )
    rows.append(f"short,z,small,plan,{day(5)},300,300,,6,no,sam,mia,,open,USD")
    rows.append(f"euro,y,mid,plan,{day(6)},2400,2400,,24,yes,sam,mia,{day(7)},won,EUR")
    rows.append(f"wrong,y,mid,plan,{day(6)},2400,2400,,24,yes,sam,mia,,won,EUR")
    return rows


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    books = Books(tmp_path_factory.mktemp("offers") / "brook", project='data_through = "2024-03-31"', more=USAGE + MORE)
    books.lines("2024-03", [
        ("l1", "anna", 70), ("l2", "anna", 20, {"kind": "usage", "product": "calls"}),
        ("l3", "bert", 10, {"product": "seat"}), ("l4", "bert", 50, {"kind": "one_off"}), ("l5", "bert", 9, {"kind": "tax"}),
    ])  # fmt: skip
    books.usage(USED)
    (books.root / "price_books" / "brook.yaml").write_text(FREE_BOOK)
    write(books.root / "raw" / "offers.csv", offers())
    write(books.root / "raw" / "products.csv", ["product_id,name,quantity_kind", "seat,Seat,seat"])
    head = "trial_id,account_id,rep,started_on,ends_on,extended_on,converted_on,cancelled_on"
    write(books.root / "raw" / "trials.csv", [
        head, f"t1,a,rita,{day(0)},{day(14)},{day(7)},{day(9)},", f"t2,b,rita,{day(0)},{day(7)},,{day(2)},",
        f"t3,c,,{day(0)},{day(7)},,,{day(3)}", f"t4,d,rita,{day(80)},{day(94)},{day(87)},,",
    ])  # fmt: skip
    books.run()
    return books.open()


def write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def of_kind(answer, kind: str) -> list[dict]:
    return [row for row in answer.rows if row["kind"] == kind]


def test_prices_are_those_of_a_year_with_conversion_and_the_next_step(project: Project):
    answer = price_points(project, unit_cost=None)
    euro, low, high = of_kind(answer, "price")
    assert (euro["currency"], euro["price"], euro["judged"]) == ("EUR", "1200.00", "too few offers")
    assert (low["price"], low["offers"], low["won"], low["conversion"]) == ("900.00", 30, 24, 0.8)
    assert (high["revenue_per_offer"], high["margin_per_offer"]) == ("960.00", None)
    few, judged = of_kind(answer, "advice")
    assert (few["next_step"], judged["next_step"]) == ("too_few_offers", "no_evidence")
    assert answer.value == 0
    assert answer.caveats[0] == "Left out because they are still open: 1 offers."
    assert "FROM offer\n" in answer.sql


def test_margin_per_offer_takes_the_unit_cost_off(project: Project):
    rows = of_kind(price_points(project, by_segment=True, unit_cost=Decimal(400)), "price")
    assert [(row["segment"], row["price"], row["margin_per_offer"]) for row in rows] == [
        ("mid", "1200.00", "800.00"), ("mid", "900.00", "400.00"), ("mid", "1200.00", "640.00"),
    ]  # fmt: skip


def test_the_waterfall_runs_from_list_to_net_by_rep(project: Project):
    answer = discounts(project, "rep")
    rita, _, sam = sorted(of_kind(answer, "waterfall"), key=lambda row: (row["rep"], row["currency"]))
    assert (rita["list"], rita["discount"], rita["net"], rita["discounted"]) == ("48000.00", "6000.00", "42000.00", 20)
    assert (rita["discount_rate"], rita["gifts"], sam["offers"]) == (0.125, 10, 21)
    won = next(row for row in of_kind(answer, "won") if row["rep"] == "rita")
    assert (won["won"], won["decided"], won["win_rate"]) == (32, 40, 0.8)
    assert (won["list"], won["discount"], won["net"]) == ("38400.00", "4800.00", "33600.00")
    assert answer.value is None  # two currencies
    lifts = {(row["given"], row["segment"]): row for row in of_kind(answer, "lift")}
    assert lifts["discount", "(all)"]["with"] == lifts["discount", "(all)"]["without"] == 30
    assert lifts["discount", "(all)"]["shown"] == lifts["gift", "(all)"]["shown"] == "no"
    assert lifts["gift", "mid"]["reason"].startswith("Too few: 15 with")


def test_the_quota_tells_who_is_beyond_and_which_small_customers_got_a_discount(project: Project):
    answer = discount_quota(project, allowed=4, small_below=Decimal(1500))
    runs = [row for row in of_kind(answer, "run") if row["manager"] == "max"]
    assert [row["deals"] for row in runs] == [10, 10, 10, 10, 8]
    assert sum(row["discounted"] for row in runs) == 24
    assert answer.value == sum(row["beyond"] for row in runs) == len(of_kind(answer, "beyond"))
    assert len(of_kind(answer, "finding")) == 24
    with pytest.raises(ConfigurationError, match="Not a quota: 11 of 10"):
        discount_quota(project, allowed=11)


def test_terms_against_the_rule_are_named(project: Project):
    answer = contract_terms(project)
    assert [(row["rule"], row["offer"]) for row in of_kind(answer, "finding")] == [
        ("multi_year_prepaid", "euro"), ("short_term", "short"),
    ]  # fmt: skip
    assert [(row["currency"], row["term_months"], row["won"], row["share_of_won"]) for row in of_kind(answer, "term")] == [
        ("EUR", 24, 1, 1.0), ("USD", 6, 0, 0.0), ("USD", 12, 48, 1.0),
    ]  # fmt: skip


def test_an_offer_won_on_no_day_is_a_problem_row(project: Project):
    found = {(each.code, each.severity): each.rows for each in summarise_problems(project)}
    assert found["OUTCOME_WITHOUT_DAY", "rejected"] == 1


def test_trials_without_enough_evidence_suggest_no_length(project: Project):
    answer = trials(project)
    assert answer.value is None
    assert any("Too little evidence: 0 conversions" in caveat for caveat in answer.caveats)
    days = of_kind(answer, "day")
    assert [(row["day"], row["running"], row["converted"]) for row in days[:4]] == [(0, 4, 0), (1, 4, 0), (2, 4, 1), (3, 3, 0)]
    extended, not_extended = of_kind(answer, "extension")
    assert (extended["trials"], extended["over"], extended["converted"], extended["share_of_trials"]) == (2, 1, 1, 0.5)
    assert (not_extended["trials"], not_extended["conversion"]) == (2, 0.5)
    nobody, rita = of_kind(answer, "rep")
    assert (nobody["rep"], rita["extension_requests"], rita["converted_after_extension"]) == ("(nobody)", 2, 1)
    assert of_kind(trials(project, "segment"), "segment")[0]["segment"] == "(unknown)"


def test_the_free_tier_costs_what_serving_free_months_costs(project: Project):
    answer = free_tier(project, {"calls": Decimal("0.01")})
    # anna and bert begin at nothing; anna uses 60 + 100 free calls and pays 200 × 0.10 in March; carl pays from the start
    (cohort,) = of_kind(answer, "cohort")
    assert (cohort["cohort"], cohort["accounts"], cohort["converted"]) == ("2024-01", 2, 1)
    assert (cohort["free_cost"], cohort["paid"], cohort["paid_cost"], cohort["payback_months"]) == ("1.80", "20.00", "3.00", 3)
    assert answer.value == "1.80"
    limits = {row["quantile"]: row for row in of_kind(answer, "limit")}
    assert (limits[0.5]["limit"], limits[0.5]["cut_quantity"], limits[0.5]["paying_beyond"]) == ("60", "40", 1)
    with pytest.raises(UnknownValueError, match="Unknown meter: shoes"):
        free_tier(project, {"shoes": Decimal(1)})


def test_revenue_splits_by_what_it_is_for(project: Project):
    answer = revenue_types(project)
    assert [(row["type"], row["amount"], row["share"]) for row in answer.rows] == [
        ("one_off", "50.00", pytest.approx(1 / 3)), ("seats", "10.00", pytest.approx(1 / 15)),
        ("subscription", "70.00", pytest.approx(7 / 15)), ("usage", "20.00", pytest.approx(2 / 15)),
    ]  # fmt: skip
    assert answer.value == pytest.approx(0.2)


def test_a_review_without_retention_knows_nothing_and_says_when_the_next_one_is(project: Project):
    answer = price_review(project)
    assert {row["sign"] for row in of_kind(answer, "review")} == {"unknown"}
    assert answer.value == 0
    assert any("Next review after 2024-09" in caveat for caveat in answer.caveats)


def test_a_segment_that_buys_readily_and_stays_may_be_priced_too_low(tmp_path: Path):
    accounts = (
        '[[sources]]\nname = "accounts"\ntable = "account"\nfiles = "raw/accounts.csv"\nattributes = {segment = "country"}\n'
    )
    offer_source = MORE.split("[[sources]]")[1]
    books = Books(tmp_path / "brook", project='data_through = "2024-02-29"', more=accounts + "\n[[sources]]" + offer_source)
    books.steady("2023-01", "2024-02", {"anna": 100, "bert": 100})
    books.accounts([("anna", "Anna", "mid"), ("bert", "Bert", "small")])
    rows = [f"o{n},x{n},mid,plan,{day(n)},1200,1200,,12,no,rita,max,{day(n)},{'lost' if n < 5 else 'won'},USD" for n in range(40)]
    write(books.root / "raw" / "offers.csv", [OFFER, *rows])
    books.run()
    answer = price_review(books.open())
    (row,) = of_kind(answer, "review")
    assert (row["segment"], row["ndr"], row["decided"], row["won"], row["sign"]) == ("mid", 1.0, 40, 35, "may_be_too_low")
    assert answer.value == 1


def test_groupings_that_do_not_exist_are_answered_with_those_that_do(project: Project):
    with pytest.raises(UnknownValueError, match="price, rep, manager, segment, term"):
        discounts(project, "moon")
    with pytest.raises(UnknownValueError, match="day, segment"):
        trials(project, "moon")


def test_without_offers_or_trials_the_answer_says_what_is_missing(books: Books):
    for answer in (price_points(books.open()), discount_quota(books.open()), contract_terms(books.open())):
        assert answer.value is None
        assert 'add a source with table = "offer"' in answer.caveats[0]
    assert 'add a source with table = "trial"' in trials(books.open()).caveats[0]
