import csv
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month
from growthring.operations.history.external_events import add_event, event_effect, event_layer, expire_event, list_events
from growthring.operations.history.shared_spikes import decide_spike, shared_spikes
from growthring.operations.history.unusual import Asked, one_offs, open_usage, run_rate
from growthring.operations.history.why import answer_question, open_questions
from growthring.operations.project import Project
from growthring.operations.reading import read

EVENT = {"where": "industry=retail", "first": "2024-05", "last": None, "lasting": False, "note": "release notes", "author": "Kim"}


@pytest.fixture(scope="module")
def company(ringwood_whole_to_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(ringwood_whole_to_copy, tmp_path_factory.mktemp("unusual") / "ringwood"))


@pytest.fixture
def project(company: Path) -> Project:
    for file in (company / ".growthring").glob("journal.sqlite*"):
        file.unlink()
    return Project.open(company)


def planted(project: Project, name: str) -> list[dict[str, str]]:
    with (project.root / "truth" / name).open() as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("measure", ["usage", "usage:api_calls"])
def test_every_planted_spike_is_found_and_no_other_rise_but_of_accounts_the_event_lifted(project: Project, measure: str):
    answer = one_offs(project, Asked(measure))
    rises = {(row["account"], row["from"]) for row in answer.rows if Decimal(row["excess"]) > 0}
    spikes = {(row["account_id"], row["month"]) for row in planted(project, "usage_spikes.csv")}
    lifted = {(row["account_id"], row["month"]) for row in planted(project, "external_events.csv")}
    assert spikes <= rises
    assert rises <= spikes | lifted


def test_the_common_cause_is_found_once_and_its_excess_is_near_the_planted_one(project: Project):
    (row,) = shared_spikes(project, Asked()).rows
    truth = planted(project, "external_events.csv")
    assert (row["month"], row["shared"], row["decided"]) == ("2024-05", "industry=retail", "open")
    share = sum(int(each["excess"]) for each in truth) / sum(int(each["quantity"]) for each in truth)
    assert float(row["excess"]) / float(row["billed"]) == pytest.approx(share, abs=0.05)


def test_a_decision_is_kept_once_and_takes_the_accounts_out_of_the_run_rate(project: Project):
    before = run_rate(project, Asked(at="2024-05"), by="mean_3")
    told = decide_spike(project, "2024-05", "industry=retail", "credit", note="their vendor's doing", author="Kim")
    assert told["amount"] == shared_spikes(project, Asked()).rows[0]["excess"]
    assert shared_spikes(project, Asked()).rows[0]["decided"].startswith("credit")
    assert shared_spikes(project, Asked()).value == "0.00"
    after = run_rate(project, Asked(at="2024-05"), by="mean_3")
    less = Decimal(str(before.value)) - Decimal(str(after.value))
    assert less > Decimal(told["amount"]) * 12 / 3 * Decimal("0.7")
    with pytest.raises(GrowthringError, match="decided already"):
        decide_spike(project, "2024-05", "industry=retail", "forgive", note="again", author="Kim")


@pytest.mark.parametrize(
    ("month", "where", "choice", "message"),
    [("2024-04", "industry=retail", "credit", "No spike"), ("2024-05", "industry=retail", "sue", "choice")],
)
def test_only_what_was_found_can_be_decided_and_only_so(project: Project, month, where, choice, message):
    with pytest.raises(GrowthringError, match=message):
        decide_spike(project, month, where, choice, note="x", author="Kim")


def test_the_planted_factor_lies_in_the_interval_of_the_event_and_another_industry_has_no_effect(project: Project):
    add_event(project, "Shop API change", **EVENT)
    add_event(project, "Nothing", **EVENT | {"where": "industry=finance"})
    assert [row["about"] for row in list_events(project).rows] == ["industry=retail", "industry=finance"]
    row = event_effect(project, 1, Asked()).rows[0]
    assert row["low"] < 1.6 < row["high"]
    assert row["verdict"] == "clear"
    assert row["placebos_as_large"] == 0
    assert event_effect(project, 2, Asked()).rows[0]["verdict"] == "not clear"
    with pytest.raises(GrowthringError, match="event"):
        event_effect(project, 9, Asked())


def test_a_forecast_made_inside_an_event_loses_it_when_the_event_ends(project: Project):
    add_event(project, "Shop API change", **EVENT)
    panel = open_usage(project, Asked(at="2024-05")).panel
    shops, point = panel.attributes["industry"] == "retail", np.full((panel.rows, 3), 100.0)
    layer = event_layer(project, panel, point)
    assert 100 / 1.8 < 100 + layer[shops][0, 0] < 100 / 1.4
    assert (layer[shops] == layer[shops][0, 0]).all()
    assert not layer[~shops].any()
    assert not event_layer(project, open_usage(project, Asked(at="2024-08")).panel, point).any()
    assert not event_layer(project, panel, point, as_of=datetime(2024, 6, 1)).any()


def test_a_month_before_the_data_names_the_first_one_with_data(project: Project):
    with pytest.raises(GrowthringError, match="2001-01 lies before the first month with data, 2022-") as refused:
        run_rate(project, Asked(at="2001-01"))
    assert "Pass --at" in (refused.value.remedy or "")


def test_an_event_taken_back_counts_no_more_and_is_still_there_as_of_before(project: Project):
    add_event(project, "Shop API change", **EVENT)
    before = datetime.now(UTC)
    assert expire_event(project, 1, because="it was a rumour", author="Kim")["name"] == "Shop API change"
    assert list_events(project).rows == []
    assert [row["id"] for row in list_events(project, as_of=before).rows] == [1]
    with pytest.raises(UnknownValueError, match="event"):
        expire_event(project, 1, because="again", author="Kim")


def test_months_before_the_event_show_none(project: Project):
    add_event(project, "Too early", **EVENT | {"first": "2024-01"})
    assert event_effect(project, 1, Asked()).rows[0]["verdict"] == "not clear"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"where": "retail"}, "group"),
        ({"where": "industry=foo"}, "Unknown industry: foo. Valid: .*retail"),
        ({"where": "planet=mars"}, "Unknown attribute: planet. Valid: .*industry"),
        ({"last": "2024-06", "lasting": True}, "last month"),
    ],
)
def test_an_event_says_whom_it_reaches_and_when(project: Project, change, message):
    with pytest.raises(GrowthringError, match=message):
        add_event(project, "x", **EVENT | change)


def test_a_spike_in_the_last_month_is_annualised_by_the_naive_figure_alone(project: Project):
    answer = run_rate(project, Asked(at="2024-11"))
    total, first = answer.rows[0], answer.rows[1]
    assert first["account"] == "A0000054"
    assert Decimal(first["naive"]) > 6 * Decimal(first["run_rate"])
    assert "unknown yet" in first["because"]
    for name in ("naive", "run_rate", "difference", "one_offs", "level"):
        assert sum((Decimal(row[name]) for row in answer.rows[1:]), Decimal(0)) == Decimal(total[name])
    assert Decimal(total["run_rate"]) - Decimal(total["naive"]) == Decimal(total["difference"])


def test_the_naive_figure_is_the_ledgers_usage_revenue_of_the_month_times_twelve(project: Project):
    ledger = read(project, policy=project.policy()).ledger
    month = Month.parse("2024-12").index
    (amount,) = ledger.connection.execute("SELECT SUM(usage_amount) FROM recurring WHERE month = $1", [month]).fetchone()
    assert abs(Decimal(run_rate(project, Asked()).rows[0]["naive"]) - 12 * amount) < 1


def test_quantities_have_no_run_rate_and_an_unknown_policy_is_refused(project: Project):
    with pytest.raises(GrowthringError, match="no money"):
        run_rate(project, Asked("usage:api_calls"))
    with pytest.raises(GrowthringError, match="twice"):
        run_rate(project, Asked(), by="twice")


def test_a_month_after_the_data_has_no_run_rate(project: Project):
    with pytest.raises(GrowthringError, match=r"2030-01 is not in the data as a whole month. Valid: months up to 2024-12"):
        run_rate(project, Asked(at="2030-01"))


def test_questions_are_few_ordered_by_money_and_never_asked_again(project: Project):
    asked = open_questions(project, Asked(), top=3)
    stakes = [abs(Decimal(row["at_stake"])) for row in asked.rows]
    assert len(stakes) == 3
    assert asked.caveats == [f"{asked.value - 3:,} smaller ones wait until these are answered; --top 0 lists all."]
    assert stakes == sorted(stakes, reverse=True)
    first = asked.rows[0]
    answer_question(
        project, first["account"], first=first["from"], last=first["to"], code="unknown", evidence="asked", author="Kim"
    )
    again = open_questions(project, Asked(), top=0)
    assert again.value == asked.value - 1
    assert first["account"] not in [row["account"] for row in again.rows]


def test_an_event_on_record_answers_for_its_accounts(project: Project):
    before = open_questions(project, Asked(), top=0)
    assert any(row["shared_with"] == "industry=retail" for row in before.rows)
    add_event(project, "Shop API change", **EVENT)
    assert not any(row["shared_with"] for row in open_questions(project, Asked(), top=0).rows)


def test_a_one_off_answer_leaves_the_ledger_and_a_later_one_brings_it_back(project: Project):
    def november() -> Decimal:
        ledger = read(project, policy=project.policy()).ledger
        month = Month.parse("2024-11").index
        row = ledger.connection.execute(
            "SELECT SUM(usage_amount) FROM recurring WHERE month = $1 AND account_id = 'A0000054'", [month]
        ).fetchone()
        return row[0]

    spiked = november()
    answer_question(project, "A0000054", first="2024-11", last=None, code="one_off", evidence="reload", author="Kim")
    assert november() < spiked / 5
    tagged = next(row for row in one_offs(project, Asked()).rows if row["account"] == "A0000054")
    assert tagged["verdict"] == "tagged"
    told = answer_question(project, "A0000054", first="2024-11", last=None, code="structural", evidence="new use", author="Kim")
    assert told["revoked_tags"] == [1]
    assert november() == spiked
    kept = next(row for row in one_offs(project, Asked()).rows if row["account"] == "A0000054")
    assert kept["verdict"] == "kept"


def test_an_answer_given_later_is_not_seen_as_of_an_earlier_day(project: Project):
    answer_question(project, "A0000014", first="2024-06", last=None, code="structural", evidence="new use", author="Kim")
    then = one_offs(project, Asked(as_of=datetime(2024, 12, 31, 23, 59)))
    assert next(row for row in then.rows if row["account"] == "A0000014")["verdict"] == "found"


@pytest.mark.parametrize(("code", "evidence", "message"), [("odd", "x", "code"), ("one_off", " ", "evidence")])
def test_an_answer_needs_a_code_and_evidence(project: Project, code, evidence, message):
    with pytest.raises(GrowthringError, match=message):
        answer_question(project, "A0000054", first="2024-11", last=None, code=code, evidence=evidence, author="Kim")


@pytest.mark.parametrize(
    ("account", "month", "message"),
    [
        ("NOPE", "2024-11", "No row names the account 'NOPE'"),
        ("A0000054", "2019-11", "The data hold no month 2019-11"),
        ("A0000054", "2030-01", "The data hold no month 2030-01"),
    ],
)
def test_an_answer_about_nobody_or_a_month_without_data_is_not_kept(project: Project, account, month, message):
    with pytest.raises(GrowthringError, match=message):
        answer_question(project, account, first=month, last=None, code="one_off", evidence="x", author="Kim")
    assert not project.has_journal()
