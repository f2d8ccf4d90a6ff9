"""Data as its users walk it: what was read and left out, what is known and closed, and runs from the console."""

import time
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from growthring.console.access import User
from growthring.console.app import create_app
from growthring.operations.data.problems import find_problems, summarise_problems
from growthring.operations.data.run_progress import RunProgress, new_run_id
from growthring.operations.data.runs import list_runs
from growthring.operations.project import Project
from tests.console.walking import confirm, preview, settled, tables


def root_of(pages: TestClient) -> Path:
    root: Path = pages.app.state.desk.root  # type: ignore[attr-defined]
    return root


def test_every_row_read_was_accepted_corrected_or_rejected(pages: TestClient):
    found = tables(pages, "/data.json?source=invoices")
    for row in (*found["sources"], *found["files"]):
        assert row["read"] == row["accepted"] + row["corrected"] + row["rejected"]
    invoices = next(row for row in found["sources"] if row["source"] == "invoices")
    assert invoices["read"] == sum(row["read"] for row in found["files"]) > 0
    assert invoices["known"] == "2023-07-01"


def test_problems_say_what_is_at_stake_and_open_their_rows(pages: TestClient):
    project = Project.open(root_of(pages))
    summary = summarise_problems(project)
    listed = tables(pages, "/data.json")["problems"]
    assert [(row["code"], row["rows"]) for row in listed] == [(each.code, each.rows) for each in summary]
    assert all(row["remedy"] for row in listed)
    worst = listed[0]
    html = settled(pages, f"/data?code={worst['code']}&problem_source={worst['source']}")
    assert f'value="{worst["code"]}" selected' in html and 'id="t-rows"' in html


def test_problem_rows_are_paged_sorted_and_found_where_they_lie(pages: TestClient):
    project = Project.open(root_of(pages))
    every = find_problems(project, source="invoices", limit=0)
    assert every.total == len(every.rows) > 6
    paged = [find_problems(project, source="invoices", offset=start, limit=3).rows for start in range(0, every.total, 3)]
    assert [row for page in paged for row in page] == every.rows
    largest = find_problems(project, sort="-amount", limit=1).rows[0]
    assert Decimal(largest["amount"]) == max(Decimal(row["amount"]) for row in every.rows if row["amount"])
    key = every.rows[-1]["row_key"]
    assert all(key.lower() in str(row).lower() for row in find_problems(project, find=key.upper(), limit=0).rows)
    assert find_problems(project, find="'; DROP TABLE x").total == 0
    assert find_problems(project, sort="1; DROP TABLE x", limit=1).rows
    assert every.rows[0]["file"] in settled(pages, "/data?problem_source=invoices&rows.sort=-message")
    exported = pages.get("/export/data/rows.csv?problem_source=invoices").text
    assert len(exported.strip().splitlines()) == every.total + 1


def test_a_figure_of_problems_opens_its_answer(pages: TestClient):
    assert "Money on rows that were rejected" in settled(pages, "/answer?of=problems")
    assert "none is dropped" in settled(pages, "/answer?of=rows+read")


def test_assertions_stand_beside_the_books(own_pages: TestClient):
    settings = root_of(own_pages) / "growthring.toml"
    stated = '\n[[assertions]]\nthat = "MRR at 2023-05 is 1 ± 1"\n\n[[assertions]]\nthat = "customers at 2023-05 is 1 ± 1000"\n'
    settings.write_text(settings.read_text() + stated)
    rows = tables(own_pages, "/data.json")["assertions"]
    assert [row["holds"] for row in rows] == ["no", "yes"] and Decimal(rows[0]["actual"]) > 1
    assert rows[1]["actual"].isdigit()
    refused = preview(own_pages, "close_month", back="/data", month="2023-05", policy="standard")
    assert refused.status_code == 422 and "What you know does not hold" in refused.text


def test_a_run_from_the_console_goes_on_by_itself_and_changes_the_answers(own_pages: TestClient):
    project = Project.open(root_of(own_pages))
    before = tables(own_pages, "/data.json")
    closing = {"back": "/data", "month": "2023-03", "policy": "standard"}
    told = preview(own_pages, "close_month", **closing)
    assert "mrr" in told.text.lower() and "more figures" in told.text and tables(own_pages, "/data.json").get("closes") is None
    assert confirm(own_pages, "close_month", **closing).status_code == 303
    (closed,) = tables(own_pages, "/data.json")["closes"]
    assert closed["now"] == closed["reported"] != ""

    sorted((project.root / "raw" / "invoices").glob("*.csv"))[-1].unlink()
    sorted((project.root / "raw" / "invoices").glob("*2023-03.csv"))[-1].unlink()
    told = preview(own_pages, "run_now", back="/data")
    assert told.status_code == 200 and "the new one takes its place" in told.text and len(list_runs(project)) == 1
    started = confirm(own_pages, "run_now", back="/data")
    assert started.headers["location"].startswith("/data?since=")
    address = started.headers["location"].split("#")[0]
    seen, until = set(), time.monotonic() + 90
    while (run := list_runs(project)[0])["status"] == "running":
        part = own_pages.get(f"/part/data/runs{address.removeprefix('/data')}").text
        if 'aria-busy="true"' in part:
            seen.add("waiting")
            assert "Every figure comes from the snapshot before it" in part
        during = tables(own_pages, "/data.json")
        if during["snapshots"] == before["snapshots"]:
            assert during["sources"] == before["sources"]
        assert time.monotonic() < until
        time.sleep(0.05)
    assert run["status"] == "done" and run["seconds"] > 0 and seen == {"waiting"}
    assert "there is a new snapshot" in own_pages.get(address).text

    after = tables(own_pages, "/data.json")
    assert len(after["snapshots"]) == 2 and len(after["runs"]) == 2
    invoices = [next(row for row in found["sources"] if row["source"] == "invoices") for found in (before, after)]
    assert invoices[1]["files"] == invoices[0]["files"] - 2 and invoices[1]["read"] < invoices[0]["read"]
    (restated,) = after["closes"]
    assert restated["reported"] == closed["reported"] != restated["now"]
    opened = tables(own_pages, "/data.json?closed=2023-03&closed_policy=standard")
    assert any("(MRR)" in row["name"] for row in opened["closed-metric"]) and opened["closed-customer"]


def test_one_run_at_a_time_and_a_killed_one_is_told(own_pages: TestClient):
    project = Project.open(root_of(own_pages))
    mine = new_run_id()
    with project.journal() as journal:
        journal.start_run(mine)
        told = RunProgress(project, mine, lambda *_: None)
        told("rating", 3, 12)
        html = own_pages.get("/data").text
        assert "3 / 12" in html and "rating" in html and "Run now" not in html.split('id="sources"')[0]
        refused = confirm(own_pages, "run_now", back="/pricing")
        assert refused.status_code == 422 and "A run is going on since" in refused.text
        told.close()
    assert list_runs(project)[0]["status"] == "killed"
    assert "It never said how it ended." in own_pages.get("/data").text


def test_readers_are_offered_no_run_and_no_close(ringwood_folder: Path):
    with TestClient(create_app(ringwood_folder, who=lambda _: User("Vera", "viewer")), base_url="http://127.0.0.1") as viewer:
        html = settled(viewer, "/data")
    assert "This needs the role admin; yours is viewer." in html and "This needs the role approver; yours is viewer." in html
    assert 'action="/do/' not in html


def test_a_policy_is_signed_off_by_who_is_signed_in(own_pages: TestClient):
    assert confirm(own_pages, "sign_off", back="/data", policy="standard", role="finance").status_code == 303
    (row,) = tables(own_pages, "/data.json")["definitions"]
    assert row["signed_off_by"].startswith("finance (")
    refused = confirm(own_pages, "sign_off", back="/data", policy="standard", role="nobody")
    assert refused.status_code == 422


def test_before_the_first_run_the_page_says_what_to_do(tmp_path: Path):
    from growthring.operations.setup import demo

    folder = tmp_path / "new"
    demo(folder, accounts=1, months=1)
    with TestClient(create_app(folder), base_url="http://127.0.0.1") as client:
        for name in ("home", "revenue", "account", "pricing", "forecast"):
            page = client.get(f"/{name}")
            assert page.status_code == 200 and page.text.count("Nothing has been read yet.") == 1
            assert '<a href="/data#runs">Read the sources' in page.text
        assert "Nothing has been read yet." in client.get("/data").text and "Run now" in client.get("/data").text
        assert "Monthly recurring revenue" in client.get("/definitions").text
        settings = folder / "growthring.toml"
        settings.write_text(settings.read_text().partition("[[sources]]")[0])
        unsourced = client.get("/data").text
        assert "No source is described in growthring.toml yet." in unsourced and "Run now" not in unsourced


@pytest.mark.parametrize(
    "address", ["/data?code=%27%3B&problem_source=%2e%2e", "/data?closed=9999-99", "/data?rows.page=0&code=X"]
)
def test_odd_addresses_are_told_and_break_nothing(pages: TestClient, address: str):
    assert pages.get(address).status_code == 200
