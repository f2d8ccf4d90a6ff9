"""Deeds of the Forecast page, each through to the journal's entry and to what it changes on the page; and who may not do them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from growthring.console.access import User
from growthring.console.app import create_app
from growthring.console.pages import forecast_backtest
from growthring.operations.forecasting.champions import champions
from growthring.operations.history.decisions import list_tags
from growthring.operations.history.external_events import list_events
from growthring.operations.project import Project
from tests.console.slow_work import won
from tests.console.walking import confirm, preview, settled, tables, token

CONTEST = "/forecast?view=backtest"
USAGE = "/forecast?view=usage"
EVENT = {
    "name": "Harvest fair", "where": "segment=SMB", "first": "2023-03", "last": "2023-04", "lasting": "", "note": "all were there"
}  # fmt: skip
SPIKE = {"spike": "2024-05|industry=retail", "choice": "credit", "note": "an outage made them retry"}


def project_of(pages: TestClient) -> Project:
    return Project.open(pages.app.state.desk.root)  # type: ignore[attr-defined]


def acting(pages: TestClient, role: str) -> None:
    pages.app.state.who = lambda _: User("Bo", role)  # type: ignore[attr-defined]


@pytest.fixture
def contested(own_pages: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The console where a backtest found a better model for one segment."""
    monkeypatch.setattr(forecast_backtest, "backtest", won)
    return own_pages


@pytest.fixture(scope="module")
def spiking(ringwood_whole_to_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The console of the whole sample company, whose retailers once spiked together."""
    folder = Path(shutil.copytree(ringwood_whole_to_copy, tmp_path_factory.mktemp("spiking") / "ringwood"))
    with TestClient(create_app(folder), base_url="http://127.0.0.1") as client:
        yield client


def test_an_approver_lets_a_winner_forecast_its_segment_from_now_on(contested: TestClient):
    acting(contested, "approver")
    rows = tables(contested, CONTEST.replace("?", ".json?"))["contest"]
    assert {(row["segment"], row["standing"], row["champion"]) for row in rows} == {
        ("SMB", "cohort_growth", "naive"), ("enterprise", "cohort_growth", "cohort_growth"),
    }  # fmt: skip
    told = preview(contested, "forecast_adopt", back=CONTEST).text
    assert "<dt>SMB</dt><dd>Cohort growth (ours) → Last month again: better at 11 of 12 origins</dd>" in told
    assert "<dt>enterprise</dt>" not in told and champions(project_of(contested), measure="revenue", by="segment") == {}

    assert confirm(contested, "forecast_adopt", back=CONTEST).headers["location"] == CONTEST
    with project_of(contested).journal() as journal:
        (decided,) = journal.decisions("champion")
    assert (decided.subject, decided.choice, decided.author) == ("revenue | segment | SMB", "naive", "Bo")
    page = settled(contested, CONTEST)
    assert "1 segments have another model from now on." in page and 'action="/do/forecast_adopt"' not in page
    assert tables(contested, CONTEST.replace("?", ".json?"))["contest"][0]["standing"] == "naive"
    assert "SMB: forecast by naive, which won its contest" in settled(contested, "/forecast?horizon=3")
    again = preview(contested, "forecast_adopt", back=CONTEST)
    assert again.status_code == 422 and "No model won a segment that it does not forecast already." in again.text


def test_a_spike_that_is_decided_tags_its_customers_and_waits_no_longer(spiking: TestClient):
    acting(spiking, "approver")
    before = tables(spiking, USAGE.replace("?", ".json?"))
    (row,) = before["spikes"]
    reached = int(row["high"].split(" of ")[0])
    assert (row["month"], row["shared"], row["decided"]) == ("2024-05", "industry=retail", "open") and reached > 2
    for wrong in ({"choice": "forget"}, {"spike": "2024-04|industry=retail"}, {"spike": ""}):
        assert preview(spiking, "forecast_spike", back=USAGE, **SPIKE | wrong).status_code == 422
    told = preview(spiking, "forecast_spike", back=USAGE, **SPIKE).text
    assert "2024-05 · industry=retail" in told and "tagged one-off in that month" in told

    confirm(spiking, "forecast_spike", back=USAGE, **SPIKE)
    with project_of(spiking).journal() as journal:
        (decided,) = journal.decisions("shared_spike")
    assert (decided.choice, decided.note, decided.author) == ("credit", SPIKE["note"], "Bo")
    tags = list_tags(project_of(spiking))
    assert len(tags) == reached and {(tag["from"], tag["author"]) for tag in tags} == {("2024-05", "Bo")}
    after = tables(spiking, USAGE.replace("?", ".json?"))
    assert after["spikes"][0]["decided"] == f"credit {decided.amount.normalize():f}"
    page = settled(spiking, USAGE)
    assert f"{reached} customers tagged." in page and 'action="/do/forecast_spike"' not in page
    asked, shared = ([each for each in found["questions"] if each["shared_with"] == row["shared"]] for found in (before, after))
    assert asked and not shared
    late = confirm(spiking, "forecast_spike", back=USAGE, **SPIKE)
    assert late.status_code == 422 and "somebody was faster" in late.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "The event has no name."), ({"where": "segment=cats"}, "cats"),
        ({"where": "everything"}, "Not a group of accounts"), ({"first": "soon"}, "Not a month"),
        ({"last": "2023-01"}, "before it starts"), ({"note": ""}, "No reason was given."),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_is_refused_before_anybody_confirms_it(own_pages: TestClient, wrong: dict[str, str], said: str):
    refused = preview(own_pages, "forecast_event", back=USAGE, **EVENT | wrong)
    assert refused.status_code == 422 and said in refused.text


def test_an_event_on_record_answers_for_the_customers_it_reached_until_it_is_taken_back(spiking: TestClient):
    acting(spiking, "contributor")
    before = tables(spiking, USAGE.replace("?", ".json?"))["questions"]
    month = before[0]["from"]
    segment = _segment(spiking, before[0]["name"])
    event = EVENT | {"where": f"segment={segment}", "first": month, "last": ""}
    assert f"segment = {segment}" in preview(spiking, "forecast_event", back=USAGE, **event).text
    assert list_events(project_of(spiking)).rows == []

    confirm(spiking, "forecast_event", back=USAGE, **event)
    (row,) = list_events(project_of(spiking)).rows
    assert (row["name"], row["about"], row["from"], row["to"]) == ("Harvest fair", f"segment={segment}", month, month)
    assert row["author"] == "Bo" and "Harvest fair" in settled(spiking, USAGE)
    found = tables(spiking, USAGE.replace("?", ".json?"))
    assert [each["name"] for each in found["events"]] == ["Harvest fair"]
    assert (before[0]["name"], month) not in {(each["name"], each["from"]) for each in found["questions"]}

    back = {"event": str(row["id"]), "because": "it rained"}
    assert preview(spiking, "forecast_event_back", back=USAGE, **back | {"event": "77"}).status_code == 422
    assert preview(spiking, "forecast_event_back", back=USAGE, **back | {"because": ""}).status_code == 422
    confirm(spiking, "forecast_event_back", back=USAGE, **back)
    assert list_events(project_of(spiking)).rows == []
    assert tables(spiking, USAGE.replace("?", ".json?"))["questions"] == before


def _segment(pages: TestClient, name: str) -> str:
    rows = tables(pages, "/forecast.json?horizon=3")["accounts"]
    return next(str(row["segment"]) for row in rows if row["name"] == name)


@pytest.mark.parametrize(
    ("deed", "fields", "needs"),
    [
        ("forecast_adopt", {}, "approver"), ("forecast_spike", SPIKE, "approver"), ("forecast_event", EVENT, "contributor"),
        ("forecast_publish", {"horizon": "6"}, "contributor"), ("close_month", {"month": "2023-03"}, "approver"),
    ],
)  # fmt: skip
def test_who_may_not_is_refused_and_nothing_is_written(own_pages: TestClient, deed: str, fields: dict[str, str], needs: str):
    csrf = token(own_pages)
    for role in {"approver": ("viewer", "contributor"), "contributor": ("viewer",)}[needs]:
        acting(own_pages, role)
        sent = own_pages.post(f"/do/{deed}", data={"csrf": csrf, "back": "/", "confirmed": "yes", **fields})
        assert sent.status_code == 403 and f"needs the role {needs}; yours is {role}" in sent.text
    with project_of(own_pages).journal() as journal:
        assert not journal.decisions("champion") and not journal.tags() and not journal.events() and not journal.closes()
        assert not journal.forecasts("revenue")
        assert {entry.outcome.value for entry in journal.audit()} == {"refused"}
