"""The Forecast page as its users walk it: what is expected, why it moved, how good it was, and what people add to it."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from growthring.console.access import User
from growthring.console.app import create_app
from growthring.operations.history.decisions import list_tags
from tests.console.walking import confirm, preview

AT_SIX = "horizon=6"
BACKTEST = "view=backtest&origins=2&ahead=3"


def twin(pages: TestClient, query: str = AT_SIX) -> dict[str, list[dict[str, Any]]]:
    found = pages.get(f"/forecast.json?{query}").json()
    return {section["name"]: section["blocks"] for section in found["sections"]}


def tables(sections: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {block["name"]: block["rows"] for blocks in sections.values() for block in blocks if block["kind"] == "table"}


def statements(sections: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        each for blocks in sections.values() for block in blocks if block["kind"] == "statements" for each in block["statements"]
    ]


def part(pages: TestClient, section: str, view: str = "entries") -> str:
    """Return one section, which costs less than the page with the slow ones beside it."""
    return pages.get(f"/part/forecast/{section}?view={view}").text


def look(pages: TestClient, deed: str, **fields: str) -> Response:
    return preview(pages, deed, back="/forecast", **fields)


def write(pages: TestClient, deed: str, **fields: str) -> Response:
    return confirm(pages, deed, back="/forecast", **fields)


def test_the_answer_comes_first_with_its_range_and_how_often_such_ranges_held(pages: TestClient):
    found = twin(pages)
    assert list(found) == ["ask", "answer", "ahead", "segments", "accounts", "assumptions"]
    told = [each["text"] for each in statements(found)]
    assert "expected, between" in told[0] and "in four of five cases" in told[0]
    assert any("ranges of the total held" in text or "Nobody can say yet" in text for text in told)
    (unpublished,) = [each for each in statements(found) if "No forecast has been published yet" in each["text"]]
    assert unpublished["action"] == "Publish this one" and unpublished["action_href"].endswith("#publish")


def test_every_line_of_the_forecast_adds_up_and_opens_its_answer(pages: TestClient):
    found = twin(pages)
    rows = tables(found)["periods"]
    assert len(rows) == 6
    for row in rows:
        layers = [name for name in ("statistical", "commitment", "new customers") if row.get(name)]
        assert sum(Decimal(row[name]) for name in layers) == Decimal(row["amount"])
    pages.get(f"/forecast.json?{AT_SIX}")
    html = pages.get(f"/forecast?{AT_SIX}").text
    (href,) = re.findall(rf'href="(/answer\?[^"]*length=month&amp;at={rows[2]["at"]}[^"]*)"', html)
    answer = pages.get(href.replace("&amp;", "&").replace("/answer", "/answer.json")).json()
    figure = answer["sections"][0]["blocks"][0]["figures"][0]
    assert (figure["value"], figure["note"]) == (rows[2]["amount"], rows[2]["at"])


def test_a_layer_is_switched_by_the_url_and_says_so(pages: TestClient):
    html = pages.get(f"/part/forecast/ask?{AT_SIX}").text
    assert f'href="/forecast?{AT_SIX}&amp;without=commitment" role="switch" aria-checked="true"' in html
    off = f"{AT_SIX}&without=commitment"
    assert f'href="/forecast?{AT_SIX}" role="switch" aria-checked="false"' in pages.get(f"/part/forecast/ask?{off}").text


def test_a_segment_and_a_customer_have_the_same_page(pages: TestClient):
    segment = twin(pages, f"{AT_SIX}&scope=segment:SMB&grain=quarter")
    (chart,) = [block["chart"] for block in segment["ahead"] if block["kind"] == "chart"]
    assert "of SMB" in chart["title"]
    customers = tables(segment)["accounts"]
    assert customers and {row["segment"] for row in customers} == {"SMB"}
    account = pages.get(f"/forecast?{AT_SIX}&scope=segment:SMB").text
    name = re.search(r"scope=account%3A(\w+)#ahead", account)
    assert name
    own = twin(pages, f"{AT_SIX}&scope=account:{name[1]}")
    assert list(own) == ["ask", "answer", "ahead"]
    assert len(tables(own)["periods"]) == 6
    html = pages.get(f"/forecast?{AT_SIX}&scope={name[1]}").text
    called = re.findall(r"<h1>Forecast of (.+)</h1>", html)[0]
    assert called != name[1] and f"Everything about {called}" in html


def test_segments_and_customers_to_come_add_up_to_the_total(pages: TestClient):
    rows = tables(twin(pages))["segments"]
    *parts, total = (Decimal(row["amount"]) for row in rows)
    assert rows[-1]["label"] == "Total" and sum(parts) == total


def test_what_cannot_be_forecast_is_said_and_nothing_breaks(pages: TestClient):
    response = pages.get(f"/forecast.json?{AT_SIX}&scope=account:nobody")
    assert response.status_code == 200
    said = [block for section in response.json()["sections"] for block in section["blocks"] if block["kind"] == "note"]
    assert any("No row names the account 'nobody'" in block["text"] for block in said)


def test_text_of_the_url_is_text_on_the_page(pages: TestClient):
    html = pages.get("/part/forecast/ask?scope=account:<script>alert(1)</script>&measure=<b>").text
    assert "<script>alert" not in html and "<b>" not in html


def test_a_bridge_without_a_published_forecast_says_what_it_needs(pages: TestClient):
    found = twin(pages, f"view=published&{AT_SIX}")
    (note,) = [block for block in found["bridge"] if block["kind"] == "note"]
    assert note["text"] == "A bridge needs a published forecast at one end." and note["href"].endswith("#publish")
    assert tables(found)["published"] == []


def test_a_backtest_sets_the_model_beside_simple_methods(pages: TestClient):
    found = twin(pages, BACKTEST)
    rows = tables(found)["scores"]
    assert {"cohort_growth", "naive", "theta"} <= {row["model"] for row in rows}
    assert [row["wape"] for row in rows] == sorted(row["wape"] for row in rows)
    assert any("would have been missed by" in each["text"] for each in statements(found))
    assert {row["champion"] for row in tables(found)["contest"]} == {"cohort_growth"}
    account = tables(twin(pages, f"{BACKTEST}&level=account&lead=1"))["scores"]
    assert account != rows


def test_usage_has_its_run_rate_one_offs_and_open_questions(pages: TestClient):
    found = twin(pages, "view=usage")
    rows = tables(found)
    (figures,) = [block["figures"] for block in found["run_rate"] if block["kind"] == "figures"]
    assert sum(Decimal(row["run_rate"]) for row in rows["run_rates"]) == Decimal(figures[0]["value"])
    assert figures[2]["value"] == len(rows["questions"])
    assert rows["one_offs"]


def test_nobody_is_scored_before_there_is_evidence(pages: TestClient):
    found = twin(pages, f"view=entries&{AT_SIX}")
    assert tables(found)["entries"] == []
    notes = [block for block in found["scores"] if block["kind"] == "note"]
    assert notes[0]["text"] == "Too little evidence to say who was right." and "What would settle it" in notes[0]["remedy"]


ENTRY = {
    "about": "everything", "method": "add", "amount": "1200", "first": "2023-07", "last": "", "reason": "new_use_case",
    "layer": "rep", "confidence": "0.75", "note": "a second team starts", "measure": "revenue",
}  # fmt: skip


def test_what_a_person_says_is_checked_noted_shown_and_taken_back(own_pages: TestClient):
    refused = look(own_pages, "forecast_say", **ENTRY | {"first": "2001-01", "last": "2001-02"})
    assert refused.status_code == 422 and "The override ends in 2001-02" in refused.text
    unreadable = look(own_pages, "forecast_say", **ENTRY | {"amount": "NaN"})
    assert unreadable.status_code == 422
    told = look(own_pages, "forecast_say", **ENTRY)
    assert told.status_code == 200 and "a second team starts" in told.text
    assert "nobody has said anything" in part(own_pages, "entries")
    assert write(own_pages, "forecast_say", **ENTRY).status_code == 303
    assert "+1200" in part(own_pages, "entries") and "A new use" in part(own_pages, "entries")
    assert look(own_pages, "forecast_take_back", entry="7", because="no such entry").status_code == 422
    assert write(own_pages, "forecast_take_back", entry="1", because="they stopped").status_code == 303
    assert "nobody has said anything" in part(own_pages, "entries")
    assert "they stopped" in part(own_pages, "entries", "entries&past=yes")


def test_a_forecast_is_published_agreed_by_a_second_person_and_locked(own_pages: TestClient):
    assert write(own_pages, "forecast_say", **ENTRY).status_code == 303
    told = look(own_pages, "forecast_publish", horizon="6", note="for the board")
    assert told.status_code == 200 and "for the board" in told.text
    assert "<dt>People&#39;s entries in it</dt><dd>1</dd>" in told.text
    assert write(own_pages, "forecast_publish", horizon="6", note="for the board").status_code == 303
    listed = part(own_pages, "kept", "published")
    name = re.findall(r"forecast=([0-9a-f]{64})", listed)[0]
    assert "for the board" in listed and "Submit a forecast for approval" in listed
    assert write(own_pages, "forecast_lock", forecast=name, because="now").status_code == 422
    assert write(own_pages, "forecast_submit", forecast=name, because="sellers have spoken").status_code == 303
    own = write(own_pages, "forecast_approve", forecast=name, because="looks right")
    assert own.status_code == 422 and "cannot approve it" in own.text
    assert write(own_pages, "forecast_approve", forecast=name, because="nobody else here", alone="yes").status_code == 303
    assert write(own_pages, "forecast_lock", forecast=name, because="board pack").status_code == 303
    assert '<td class="text">locked</td>' in part(own_pages, "kept", "published")
    answer = own_pages.get(f"/answer.json?of=published_forecast&forecast={name}").json()
    rows = next(block["rows"] for block in answer["sections"][1]["blocks"] if block["kind"] == "table")
    assert [Decimal(row["rep"]) for row in rows] == [1200] * 6


def test_an_answered_question_is_kept_with_its_evidence(pages: TestClient, own_pages: TestClient, ringwood_folder: Path):
    twin(pages, "view=usage")
    chosen = re.findall(r'<option value="([^"|]+\|[^"|]+\|[^"|]+)"', part(pages, "questions", "usage"))[0]
    empty = look(own_pages, "forecast_why", question=chosen, code="one_off", evidence="")
    assert empty.status_code == 422
    told = look(own_pages, "forecast_why", question=chosen, code="one_off", evidence="they loaded an archive")
    assert "they leave recurring revenue and the run-rate" in told.text
    done = write(own_pages, "forecast_why", question=chosen, code="one_off", evidence="they loaded an archive")
    assert done.status_code == 303
    (tag,) = list_tags(own_pages.app.state.desk.project())
    assert [tag["account"], tag["from"], tag["to"]] == chosen.split("|")


def test_who_may_only_read_is_told_what_it_needs(ringwood_folder: Path):
    with TestClient(create_app(ringwood_folder, who=lambda _: User("Vi", "viewer")), base_url="http://127.0.0.1") as viewer:
        html = part(viewer, "entries")
        assert "This needs the role contributor; yours is viewer." in html
        assert 'name="csrf"' not in html


def test_a_table_of_the_forecast_is_a_file(pages: TestClient):
    twin(pages)
    lines = pages.get(f"/export/forecast/periods.csv?{AT_SIX}").text.splitlines()
    assert len(lines) == 7 and "amount,low80,high80" in lines[0]
