"""Customers to come of a project: engines add up, files are read or refused with what is valid, the past is not touched."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.kernel.period import Month
from growthring.operations.forecasting.new_customers import Ahead, new_customers, read_deals
from growthring.operations.project import Project


def test_the_engines_of_the_sample_company_add_up_to_the_total(ringwood: Project):
    answer = new_customers(ringwood, Ahead(horizon=6))
    sums: dict[str, dict[str, Decimal]] = {}
    for row in answer.rows:
        sums.setdefault(row["month"], {})[row["engine"]] = Decimal(row["amount"])
    assert len(sums) == 6
    for each in sums.values():
        assert each["self-serve"] + each["rep-created"] == pytest.approx(each["total"], abs=Decimal("0.02"))
    assert answer.value == answer.rows[-1]["amount"]
    assert all(Decimal(row["low80"]) <= Decimal(row["high80"]) for row in answer.rows)
    assert any("`growthring forecast` holds the same figures" in caveat for caveat in answer.caveats)


def test_an_earlier_look_begins_earlier_and_sees_less(ringwood: Project):
    answer = new_customers(ringwood, Ahead(horizon=3), as_of=datetime(2022, 9, 30, 23, 59, 59))
    assert answer.rows[0]["month"] == "2022-10"
    assert any("too few for a trend" in caveat for caveat in answer.caveats)


def test_deals_are_read_with_percent_signs_and_late_ones_close_now(tmp_path: Path):
    path = tmp_path / "deals.csv"
    path.write_text("amount,probability,close,segment\n1000,50 %,2025-03,SMB\n200,100,2024-01-15,\n")
    first, second = read_deals(path, Month.parse("2025-01"))
    assert (first.amount, first.probability, first.close_month, first.segment) == (1000, 0.5, 2, "SMB")
    assert (second.probability, second.close_month) == (1, 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("amount,close\n1,2025-01\n", "lacks the columns probability"),
        ("amount,probability,close\n1,150,2025-01\n", "row 1: probability 150"),
        ("amount,probability,close\nmany,50,2025-01\n", "'many' is no number"),
    ],
)
def test_deals_that_cannot_be_read_are_refused_by_row(tmp_path: Path, text: str, told: str):
    path = tmp_path / "deals.csv"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=told):
        read_deals(path, Month.parse("2025-01"))


def test_a_pipeline_is_timed_and_drivers_need_every_month(ringwood: Project, tmp_path: Path):
    deals = tmp_path / "deals.csv"
    first = Month.of(ringwood.setting(ringwood.snapshot()).data_through) + 1
    deals.write_text(f"amount,probability,close,segment\n1000,100,{first},\n")
    found = new_customers(ringwood, Ahead(horizon=4, pipeline=deals))
    assert [row["engine"] for row in found.rows] == ["pipeline"] * 4
    assert Decimal(found.rows[0]["amount"]) <= 1000
    trend = new_customers(ringwood, Ahead(horizon=4)).value
    assert any(f"`growthring forecast` takes {trend} in {first + 3}" in caveat for caveat in found.caveats), found.caveats
    drivers = tmp_path / "drivers.csv"
    drivers.write_text("month,engine,value\n2022-01,rep-created,5\n")
    with pytest.raises(ConfigurationError, match="no positive value of rep-created in 2022-02"):
        new_customers(ringwood, Ahead(drivers=drivers))
    drivers.write_text("month,engine,value\n2022-01,robots,5\n")
    with pytest.raises(UnknownValueError, match="rep-created"):
        new_customers(ringwood, Ahead(drivers=drivers))
