"""A downturn touches whom it names, takes what is not promised, and says when nobody can know who cuts."""

from decimal import Decimal

import pytest

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.operations.plans.downturn import downturn, read_shocks
from growthring.operations.project import Project
from tests.operations.books import USAGE, Books

AMOUNTS = ("revenue", "committed", "contracted", "uncommitted", "at_risk_low", "at_risk_high", "cash_low", "cash_high")


def groups(answer, by: str = "industry") -> dict[str, dict]:
    return {row[by]: row for row in answer.rows if row["kind"] == "group"}


def test_only_the_group_named_loses_and_the_groups_add_up(ringwood: Project):
    shocked = groups(downturn(ringwood, read_shocks(["SMB=-50"]), by="segment"), "segment")
    for name, row in shocked.items():
        if name not in ("SMB", "total"):
            assert row["at_risk_low"] == row["at_risk_high"] == "0.00" and row["shock"] == "0 %"
        assert Decimal(row["committed"]) + Decimal(row["contracted"]) + Decimal(row["uncommitted"]) == pytest.approx(
            Decimal(row["revenue"]), abs=Decimal("0.02")
        )
    assert Decimal(shocked["SMB"]["at_risk_low"]) > 0
    for name in AMOUNTS:
        parts = sum(Decimal(row[name]) for group, row in shocked.items() if group != "total")
        assert parts == pytest.approx(Decimal(shocked["total"][name]), abs=Decimal("0.05"))


def test_a_deeper_fall_takes_more_commitments_hold_and_cash_takes_at_most_revenue(ringwood: Project):
    mild, deep = (groups(downturn(ringwood, read_shocks([f"all={fall}"])))["total"] for fall in (-10, -40))
    for row in (mild, deep):
        assert 0 < Decimal(row["at_risk_low"]) < Decimal(row["at_risk_high"])
        assert 0 < Decimal(row["cash_low"]) < Decimal(row["at_risk_low"])
        assert Decimal(row["cash_low"]) <= Decimal(row["cash_high"]) <= Decimal(row["at_risk_high"])
    assert Decimal(deep["at_risk_high"]) == pytest.approx(4 * Decimal(mild["at_risk_high"]), rel=Decimal("0.001"))
    assert Decimal(deep["at_risk_low"]) > Decimal(mild["at_risk_low"])


def test_usage_without_a_commitment_falls_in_full_and_customers_stand_by_amount_without_evidence(tmp_path):
    books = Books(tmp_path / "brook", project='data_through = "2024-02-29"', more=USAGE)
    books.steady("2023-01", "2024-02", {"17850": 100})
    books.usage([("u1", "17850", "2024-01-10", 1500), ("u2", "17850", "2024-02-03", 200)])
    books.run()
    answer = downturn(books.open(), read_shocks(["all=-20"]))
    # 1000 × 0.01 + 500 × 0.005 in January and 200 × 0.01 in February
    assert answer.value == "2.90"
    assert [row["account_id"] for row in answer.rows if row["kind"] == "customer"] == ["17850"]
    assert answer.caveats[0].startswith("Who will cut cannot be told")
    assert any("No payment is known" in caveat for caveat in answer.caveats)


def test_words_that_name_no_group_and_falls_that_are_none_are_refused(ringwood: Project):
    assert read_shocks(["retail=-30", "a=b=-5%"]) == {"retail": Decimal("0.3"), "a=b": Decimal("0.05")}
    for text in ("retail", "retail=30", "retail=-130", "=-10", "retail=much"):
        with pytest.raises(ConfigurationError, match="Not a shock"):
            read_shocks([text])
    with pytest.raises(UnknownValueError, match="retail"):
        downturn(ringwood, {"shoes": Decimal("0.1")})
    with pytest.raises(UnknownValueError, match="segment"):
        downturn(ringwood, {"retail": Decimal("0.1")}, by="shoe_size")
