"""Account: customers are found by SQL; one page for each says everything, and what people say is written after a second look."""

import csv
import io
import re
import shutil
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape
from starlette.testclient import TestClient

from growthring.console.access import User
from growthring.console.app import create_app
from growthring.console.asked import Asked, link
from growthring.console.pages.account import PAGE
from growthring.console.render import plain
from growthring.console.visit import Visit, build
from growthring.console.words import Words
from growthring.operations.forecasting.overrides import list_overrides
from growthring.operations.history.decisions import list_tags
from growthring.operations.project import Project
from tests.operations.books import ACCOUNTS, USAGE, Books

ODD = {
    'o\'brien & "sons"': 'O\'Brien & "Sons"',
    "<b>bold</b>/../x?y=1#z": "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0": '=HYPERLINK("http://evil")',
    "客户甲": "樱花株式会社",
    "long": "Very " * 80 + "long",
    "50% {off} _%": "Percent {name} 100%",
}
SPLIT = "<b>bold</b>/../x?y=1#z"


@pytest.fixture(scope="session")
def odd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Customers with names and ids that nobody expects, one of them with usage under a price book."""
    books = Books(tmp_path_factory.mktemp("odd") / "brook", project='data_through = "2024-02-29"', more=ACCOUNTS + USAGE)
    books.steady("2023-11", "2024-02", {**dict.fromkeys(ODD, 100), "17850": 40})
    books.accounts([(account, name, "U\"S,'=") for account, name in ODD.items()])
    books.usage([(f"u{day}", "17850", f"2024-02-{day:02}", 100 * day) for day in range(1, 29)])
    books.run()
    return books.root


@pytest.fixture(scope="session")
def odd_pages(odd_folder: Path) -> Iterator[TestClient]:
    with TestClient(create_app(odd_folder), base_url="http://127.0.0.1") as client:
        yield client


class AtOnce(Visit):
    """A visit whose slow Answers are computed here and now, so that no process has to be started for them."""

    def ask(self, operation: Callable[..., Any], *args: Any, slow: bool = False, live: bool = False, **options: Any) -> Any:
        return super().ask(operation, *args, live=live, **options)


def visit_of(client: TestClient, **asked: str) -> Visit:
    desk = client.app.state.desk  # type: ignore[attr-defined]
    return AtOnce(Asked("/account", asked), desk, desk.project(), User("Kim", "admin"), Words(), patient=True)


def part(client: TestClient, name: str, **asked: str) -> list[dict[str, Any]]:
    """Return the blocks of a section of the page, complete."""
    visit = visit_of(client, **asked)
    section = next(each for each in PAGE.parts(visit) if each.name == name)
    return [plain(block, visit) for block in build(section, visit).blocks]


def shown(client: TestClient, path: str) -> str:
    """Return a page or a part of one, once it is computed."""
    for _ in range(200):
        html = client.get(path).text
        if 'aria-busy="true"' not in html:
            return html
        time.sleep(0.1)
    raise AssertionError(f"{path} is still being computed")


def title(client: TestClient, **asked: str) -> str:
    assert PAGE.heading
    return PAGE.heading(visit_of(client, **asked))


@pytest.fixture(scope="session")
def promising(open_pages: TestClient) -> str:
    """A customer of the sample company that has a commitment in force."""
    rows = part(open_pages, "list")[-1]["rows"]
    return next(row["account_id"] for row in rows if row["promised"] and row["state"] == "customer")


def tables(blocks: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {block["name"]: block["rows"] for block in blocks if block["kind"] == "table"}


def test_the_list_holds_every_customer_sorted_by_what_it_pays(pages: TestClient):
    (table,) = part(pages, "list")
    paid = [Decimal(row["mrr"]) for row in table["rows"]]
    assert len(paid) == table["count"] == 60
    assert paid == sorted(paid, reverse=True) and paid[0] > 0


def test_a_page_of_the_list_is_cut_and_sorted_by_the_server(pages: TestClient):
    html = shown(pages, "/account?accounts.sort=name&accounts.page=2")
    assert "2 of 3 · 60 rows" in html
    names = re.findall(r'<td class="name"><a href="/account\?id=[^"]+">([^<]+)</a>', html)
    assert len(names) == 25 and names == sorted(names)
    assert "3 of 3" in shown(pages, "/account?accounts.page=999")


def test_an_export_of_the_list_holds_all_that_match(pages: TestClient):
    text = pages.get("/export/account/accounts.csv?accounts.find=a").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) > 25 and all("a" in " ".join(row.values()).lower() for row in rows)


def test_a_text_that_means_one_customer_shows_it_at_once(pages: TestClient):
    row = part(pages, "list")[0]["rows"][0]
    assert title(pages, find=row["name"].upper()) == title(pages, find=row["account_id"]) == row["name"]
    assert part(pages, "head", find=row["name"])[1]["figures"][0]["value"] == row["mrr"]


def test_a_text_that_means_several_or_nobody_shows_a_list(pages: TestClient):
    (_, table) = part(pages, "list", find="a")
    assert 1 < table["count"] <= 60 and title(pages, find="a") == "Customers"
    assert "No customer&#39;s name, id or attribute holds this text." in shown(pages, "/account?find=zzz")


def test_an_account_that_no_row_names_is_told_with_a_way_back(pages: TestClient):
    html = shown(pages, "/account?id=nobody")
    assert "No row names the account &#39;nobody&#39;." in html and 'href="/account"' in html


def test_every_part_of_a_customer_is_there_and_says_something(pages: TestClient, promising: str):
    names = [section.name for section in PAGE.parts(visit_of(pages, id=promising))]
    assert names == ["head", "revenue", "usage", "contracts", "commitments", "bill", "price", "forecast", "questions", "notes"]
    for name in names:
        blocks = part(pages, name, id=promising)
        assert blocks and not [block for block in blocks if block["kind"] == "note" and block["state"] == "error"], name


def test_the_figures_are_those_of_the_ledger_and_each_opens_its_answer(pages: TestClient, promising: str):
    figures = part(pages, "head", id=promising)[1]["figures"]
    opened = pages.get(figures[0]["href"].replace("/answer?", "/answer.json?")).json()
    assert opened["sections"][0]["blocks"][0]["figures"][0]["value"] == figures[0]["value"]
    for figure in figures:
        assert 'class="note error"' not in pages.get(figure["href"]).text


def test_each_month_of_revenue_adds_up_and_the_last_is_the_mrr(pages: TestClient, promising: str):
    twin = pages.get(link("/answer.json", of="account_revenue", id=promising)).json()
    (table,) = [block for section in twin["sections"] for block in section["blocks"] if block["kind"] == "table"]
    before = Decimal(0)
    for row in table["rows"]:
        moved = sum((Decimal(row[name]) for name in row if name not in ("at", "start", "end")), Decimal(0))
        assert Decimal(row["start"]) == before and before + moved == Decimal(row["end"])
        before = Decimal(row["end"])
    assert str(before) == part(pages, "head", id=promising)[1]["figures"][0]["value"]


def test_a_movement_opens_the_lines_of_the_files_it_rests_on(pages: TestClient, promising: str):
    html = shown(pages, link("/part/account/revenue", id=promising))
    href = re.search(r'href="(/answer\?of=account_documents[^"]+)"', html)
    assert href
    twin = pages.get(href[1].replace("&amp;", "&").replace("/answer?", "/answer.json?")).json()
    rows = tables(twin["sections"][1]["blocks"])
    lines = [*rows.get("rows-billed", []), *rows.get("rows-agreed", [])]
    assert lines and all(row["file"].startswith("raw/") and row["row"] > 0 for row in lines)


def test_the_lines_of_a_bill_add_up_to_its_total(pages: TestClient, promising: str):
    rows = tables(part(pages, "bill", id=promising))["bill"]
    *lines, total = rows
    assert total["component"] == "total"
    assert sum((Decimal(row["amount"]) for row in lines), Decimal(0)) == Decimal(total["amount"])


def test_the_price_of_more_is_the_difference_of_two_bills(pages: TestClient, promising: str):
    rows = tables(part(pages, "price", id=promising))["price"]
    now = next(Decimal(row["amount"]) for row in rows if row["share"] == 1.0)
    assert {1.1, 1.25, 1.5} <= {row["share"] for row in rows}
    assert all(Decimal(row["amount"]) - now == Decimal(row["on_top"]) for row in rows)


def test_the_layers_of_the_forecast_add_up(pages: TestClient, promising: str):
    rows = tables(part(pages, "forecast", id=promising))["layers"]
    assert len(rows) == 12
    for row in rows:
        parts = [Decimal(row[name]) for name in row if name not in ("at", "amount", "low80", "high80")]
        assert sum(parts, Decimal(0)) == Decimal(row["amount"])


def test_a_burn_down_only_grows_and_leads_to_the_end(pages: TestClient, promising: str):
    rows = tables(part(pages, "commitments", id=promising))["burn_down"]
    consumed = [Decimal(row["consumed"]) for row in rows if row["consumed"] is not None]
    assert consumed == sorted(consumed)
    assert rows[-1]["even_pace"] == rows[-1]["committed"]


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("usage", "No usage of this customer is recorded."),
        ("contracts", "No contract of this customer is known"),
        ("commitments", "This customer promised no consumption"),
        ("bill", "No price book bills this customer."),
        ("price", "Without a bill there is no price to explain."),
        ("notes", "Nobody has noted anything about this customer yet."),
    ],
)
def test_what_a_customer_does_not_have_is_said_in_words(odd_pages: TestClient, section: str, words: str):
    assert words in shown(odd_pages, f"/part/account/{section}?id=long")


@pytest.mark.parametrize("account", ODD)
def test_odd_ids_and_names_work_in_links_headings_and_forms(odd_pages: TestClient, account: str):
    assert title(odd_pages, id=account) == title(odd_pages, find=account) == ODD[account]
    html = "".join(shown(odd_pages, link(f"/part/account/{name}", id=account)) for name in ("head", "revenue", "notes"))
    assert "<script>alert" not in html and "<b>bold" not in html and "100.00" in html
    assert f'name="id" value="{escape(account)}"' in html
    facts = odd_pages.get(link("/answer.json", of="account_revenue", id=account)).json()
    assert facts["sections"][0]["blocks"][0]["figures"][0]["value"] == "100.00"


def test_no_cell_of_an_exported_list_is_a_formula(odd_pages: TestClient):
    text = odd_pages.get("/export/account/accounts.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["account_id"].removeprefix("'") for row in rows} == {*ODD, "17850"}
    assert all(not row[name].startswith(("=", "+", "@")) for row in rows for name in ("name", "account_id"))


def test_usage_is_shown_by_month_and_by_day(odd_pages: TestClient):
    rows = tables(part(odd_pages, "usage", id="17850"))
    assert [(row["label"], row["quantity"]) for row in rows["usage"]] == [("2024-02", "40600")]
    rows = tables(part(odd_pages, "usage", id="17850", grain="day"))
    assert len(rows["usage_days"]) == 28 and rows["usage_days"][0] == {"at": "2024-02-28", "quantity": "2800", "records": 1}


def test_a_bill_explains_its_tiers_and_the_next_unit_is_cheaper_than_the_average(odd_pages: TestClient):
    bill = tables(part(odd_pages, "bill", id="17850"))["bill"]
    assert [(row["tier"], row["amount"]) for row in bill if row["component"] == "api"] == [("1", "10.00"), ("2", "198.00")]
    price = tables(part(odd_pages, "price", id="17850", budget="1.25"))
    now = next(row for row in price["price"] if row["share"] == 1.0)
    assert Decimal(now["marginal_price"]) == Decimal("0.005") < Decimal(now["average_price"])
    assert any(row["kind"] == "budget" for row in price["budget"])


def sent(client: TestClient, deed: str, confirmed: bool = False, **fields: str) -> Any:
    token = re.search(r'name="csrf" value="([^"]+)"', shown(client, "/part/account/notes?id=long"))
    assert token
    form = {"csrf": token[1], "back": "/account", **fields} | ({"confirmed": "yes"} if confirmed else {})
    return client.post(f"/do/{deed}", data=form, follow_redirects=False)


@pytest.fixture
def own_odd(odd_folder: Path, tmp_path: Path) -> Iterator[tuple[TestClient, Project]]:
    """A copy of the odd company, to write in."""
    folder = shutil.copytree(odd_folder, tmp_path / "brook")
    with TestClient(create_app(folder), base_url="http://127.0.0.1") as client:
        yield client, Project.open(folder)


OVERRIDE = {
    "about": "revenue", "method": "add", "amount": "250.50", "first": "2024-03", "last": "", "reason": "new_use_case",
    "confidence": "0.7", "expires": "", "layer": "rep", "note": "a second team <starts>",
}  # fmt: skip


def test_an_override_is_shown_before_it_is_written_and_listed_after(own_odd: tuple[TestClient, Project]):
    client, project = own_odd
    asked = sent(client, "account_override", id=SPLIT, **OVERRIDE)
    assert asked.status_code == 200 and "250.50" in asked.text and "a second team &lt;starts&gt;" in asked.text
    assert list_overrides(project).rows == []
    assert sent(client, "account_override", confirmed=True, id=SPLIT, **OVERRIDE).status_code == 303
    (row,) = list_overrides(project).rows
    assert (row["about"], row["change"], row["confidence"], row["to"]) == (SPLIT, "+250.5", 0.7, "for good")
    notes = client.get(link("/answer.json", of="account_notes", id=SPLIT)).json()
    (entry,) = tables(notes["sections"][1]["blocks"])["rows-override"]
    assert entry["key"] == f"override {row['id']}"
    assert sent(client, "account_take_back", confirmed=True, id=SPLIT, key=entry["key"], note="not yet").status_code == 303
    assert list_overrides(project).rows == []


def test_an_override_can_be_about_one_product_or_the_usage_of_one_meter_chosen_from_what_the_customer_has(
    own_odd: tuple[TestClient, Project],
):
    client, project = own_odd
    form = next(block for block in part(client, "notes", id="17850") if block.get("action") == "account_override")
    about = dict(next(each for each in form["inputs"] if each["name"] == "about")["options"])
    product, meter = next(key for key in about if key.startswith("product:")), "usage:calls"
    assert list(about) == ["revenue", product, meter]
    for chosen in (product, meter):
        asked = sent(client, "account_override", id="17850", **(OVERRIDE | {"about": chosen}))
        assert asked.status_code == 200 and about[chosen] in asked.text
        sent(client, "account_override", confirmed=True, id="17850", **(OVERRIDE | {"about": chosen}))
    written = {(row["about"], row["measure"]) for row in list_overrides(project).rows}
    assert written == {(f"17850 / {product.removeprefix('product:')}", "revenue"), ("17850", meter)}
    told = [row["about"] for row in tables(part(client, "notes", id="17850"))["notes"]]
    assert sorted(told) == sorted([f"+250.5 ({product.removeprefix('product:')})", f"+250.5 ({meter})"])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"about": "product:none"}, "Unknown subject"),
        ({"about": "usage:none"}, "Unknown subject"),
        ({"about": "everything"}, "Unknown subject"),
        ({"about": "product:plan", "method": "replace"}, "one of them can only be added to"),
        ({"amount": "plenty"}, "is no number"),
        ({"amount": "NaN"}, "is no number"),
        ({"method": "guess"}, "Unknown method"),
        ({"reason": "because"}, "Unknown reason"),
        ({"layer": "statistical"}, "Unknown layer"),
        ({"last": "2024-01"}, "before it starts"),
        ({"expires": "soon"}, "is no day"),
        ({"note": ""}, "Nothing was said about why."),
        ({"id": "nobody"}, "No row names the account"),
    ],
)
def test_an_override_that_cannot_be_is_refused_before_anybody_confirms_it(
    odd_pages: TestClient, odd_folder: Path, wrong: dict[str, str], told: str
):
    answer = sent(odd_pages, "account_override", **({"id": "long"} | OVERRIDE | wrong))
    assert answer.status_code == 422 and told in answer.text
    assert list_overrides(Project.open(odd_folder)).rows == []


def test_a_one_off_answer_tags_its_months_and_a_tag_can_be_taken_back(own_odd: tuple[TestClient, Project]):
    client, project = own_odd
    fields = {"id": "17850", "months": "2024-02 2024-02", "code": "one_off", "known_from": "ticket", "note": "№ 7"}
    asked = sent(client, "account_why", **fields)
    assert asked.status_code == 200 and "recurring revenue and run-rate leave them out" in asked.text
    assert list_tags(project) == []
    assert sent(client, "account_why", confirmed=True, **fields).status_code == 303
    (tag,) = list_tags(project)
    assert (tag["account"], tag["tag"], tag["from"], tag["because"]) == (
        "17850", "one_off", "2024-02", "why: A ticket or an incident: № 7",
    )  # fmt: skip
    assert (
        sent(client, "account_take_back", confirmed=True, id="17850", key=f"tag {tag['tag_id']}", note="wrong").status_code == 303
    )
    assert list_tags(project) == []


def test_a_tag_is_written_in_the_name_of_who_is_there(own_odd: tuple[TestClient, Project]):
    client, project = own_odd
    fields = {"id": "客户甲", "tag": "advised_saving", "first": "2024-01", "last": "2024-02", "note": "=fewer seats"}
    assert sent(client, "account_tag", **fields).status_code == 200
    assert sent(client, "account_tag", confirmed=True, **fields).status_code == 303
    (tag,) = list_tags(project)
    assert (tag["account"], tag["to"], tag["because"]) == ("客户甲", "2024-02", "=fewer seats") and tag["author"]
    assert sent(client, "account_tag", **(fields | {"tag": "nice"})).status_code == 422
    assert sent(client, "account_tag", **(fields | {"last": "2023-12"})).status_code == 422
    assert sent(client, "account_take_back", id="客户甲", key="tag 999", note="x").status_code == 422
