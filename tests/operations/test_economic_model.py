"""The economic model is read from a file alone, labelled a plan, and flags what goes beyond the stated limits."""

from pathlib import Path

import pytest

from growthring.kernel.errors import ConfigurationError
from growthring.operations.plans.economic_model import EXAMPLE, economic_model


def written(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = EXAMPLE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = tmp_path / "model.toml"
    path.write_text(text)
    return path


def test_the_example_is_a_plan_and_says_so(tmp_path: Path):
    answer = economic_model(written(tmp_path))
    years = [row for row in answer.rows if row["kind"] == "year"]
    assert answer.definition.startswith("A plan, not a forecast")
    assert answer.caveats[0].startswith("A plan, not a forecast")
    assert years[0]["revenue"] == "600000.00" and years[0]["gm1"] == "420000.00" and years[0]["gm3"] == "-480000.00"
    assert answer.value == years[-1]["gm4"]
    assert any("before GM2, GM4" in caveat for caveat in answer.caveats)


def test_another_number_is_another_version(tmp_path: Path):
    first = economic_model(written(tmp_path)).policy["version"]
    assert economic_model(written(tmp_path, ("12000", "12001"))).policy["version"] != first


def test_the_limits_are_shown_and_what_goes_beyond_them_is_flagged(tmp_path: Path):
    above = economic_model(written(tmp_path, ("0.05]", "0.40]"), ("ndr = 0.95", "ndr = 1.2")))
    assert any("above the cap of 36 % in year 6" in caveat for caveat in above.caveats)
    assert any("counted as 100 %" in caveat for caveat in above.caveats)
    last = [row for row in above.rows if row["kind"] == "year"][-1]
    assert float(last["revenue_uncapped"]) > float(last["revenue"])
    limits = {row["limit"]: row for row in above.rows if row["kind"] == "limit"}
    assert limits["share planned with at most (FC-22)"]["from"] == "stated 36 %, computed 60 % × 50 % = 30 %"
    assert "no end" in limits["value of a customer (FC-24)"]["from"]


def test_a_share_path_can_come_from_the_time_to_five_percent(tmp_path: Path):
    path = written(tmp_path, ("path = [0.005, 0.01, 0.02, 0.03, 0.04, 0.05]", "years_to_5_percent = 4\nyears = 6"))
    answer = economic_model(path)
    shares = [row["share"] for row in answer.rows if row["kind"] == "year"]
    assert shares[3] == "5.00 %" and shares[5] == "10.00 %"
    assert any(row.get("value") == "year 7" for row in answer.rows)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("growth = 0.03", "", "market.growth: Field required"),
        ("0.005,", "5,", "between 0 and 1"),
        ("stage = \"gm3\"", "stage = \"gm9\"", "costs.1.stage"),
        ("[market]", "[markt]", "markt: Extra inputs"),
        ('"USD"', '"XXQ"', "XXQ"),
        ("[price]", "[price", "cannot be read"),
    ],
)  # fmt: skip
def test_nothing_is_made_up_for_what_the_file_leaves_out_or_gets_wrong(tmp_path: Path, before: str, after: str, told: str):
    with pytest.raises(Exception, match=told) as raised:
        economic_model(written(tmp_path, (before, after)))
    assert isinstance(raised.value, ConfigurationError) or "currency" in str(raised.value)
