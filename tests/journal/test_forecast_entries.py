from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from tests.journal.conftest import FORECAST, NOVEMBER, OVERRIDE

import growthring.journal
from growthring.journal.database import open_database, writing
from growthring.journal.forecast_entries import GrowthReason, OverrideLayer, OverrideMethod
from growthring.journal.journal import Journal
from growthring.kernel.errors import GrowthringError

ADDED = OVERRIDE | {"layer": OverrideLayer.REP, "method": OverrideMethod.ADD, "amount": Decimal(1)}


def test_an_override_reads_back_as_it_was_recorded_to_the_last_digit(journal: Journal) -> None:
    amount = Decimal("-12345678901234.5678")
    account = journal.add_override(
        OverrideLayer.REP,
        OverrideMethod.ADD,
        amount,
        account_id="acme",
        series="etl",
        expires_on=date(2012, 3, 31),
        **(OVERRIDE | {"last_month": NOVEMBER + 6}),
    )
    group = journal.add_override(
        OverrideLayer.PRICE_EVENT, OverrideMethod.MULTIPLY, Decimal("1.05"), attribute="segment", value="smb", **OVERRIDE
    )
    whole = journal.add_override(OverrideLayer.TOPSIDE, OverrideMethod.REPLACE, Decimal("9E+6"), **OVERRIDE)
    assert journal.overrides() == [account, group, whole]
    assert journal.overrides()[0].amount == amount
    assert [each.scope for each in journal.overrides()] == ["acme / etl", "segment=smb", "everything"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"series": "etl"}, "not clear what this is about"),
        ({"account_id": "acme", "attribute": "segment", "value": "smb"}, "not clear what this is about"),
        ({"attribute": "segment"}, "not clear what this is about"),
        ({"last_month": NOVEMBER}, "The override ends in 2011-11, before it starts in 2011-12"),
        ({"note": " "}, "Pass --note TEXT"),
        ({"confidence": 1.5}, "Not a confidence: 1.5"),
        ({"method": OverrideMethod.MULTIPLY, "amount": Decimal("-0.1")}, "Not an amount to multiply with: -0.1"),
        ({"amount": Decimal("NaN")}, "Not an amount to add with: NaN"),
    ],
)
def test_an_override_that_cannot_be_understood_is_refused_and_leaves_nothing(
    journal: Journal, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(GrowthringError) as refused:
        journal.add_override(
            **({"layer": OverrideLayer.REP, "method": OverrideMethod.ADD, "amount": Decimal(1)} | OVERRIDE | changed)
        )
    assert message in str(refused.value)
    assert journal.overrides(with_expired=True) == []


def test_reasons_for_growth_are_kept_by_account_in_order(journal: Journal) -> None:
    guess = journal.add_reason("acme", NOVEMBER, NOVEMBER, GrowthReason.UNKNOWN, evidence="nobody asked yet", author="Kim")
    other = journal.add_reason("beta", NOVEMBER, NOVEMBER, GrowthReason.ONE_OFF, evidence="migration", author="Kim", series="etl")
    known = journal.add_reason("acme", NOVEMBER, NOVEMBER, GrowthReason.STRUCTURAL, evidence="new market", author="Lee")
    assert journal.reasons() == [guess, other, known]
    assert journal.reasons("acme") == [guess, known]
    assert journal.reasons("acme", known_at=guess.recorded_at) == [guess]
    with pytest.raises(GrowthringError, match="--evidence"):
        journal.add_reason("acme", NOVEMBER, NOVEMBER, GrowthReason.STRUCTURAL, evidence="", author="Lee")


def test_decisions_are_kept_by_kind_with_their_exact_amount(journal: Journal) -> None:
    first = journal.decide("commitment_price", "acme", "agreed", amount=Decimal("120000.0001"), note="their board", author="Kim")
    second = journal.decide("case_exclusion", "beta", "left out", note="merged", author="Kim")
    assert journal.decisions() == [first, second]
    assert journal.decisions("commitment_price") == [first]
    assert journal.decisions(known_at=first.recorded_at) == [first]


def test_a_forecast_reads_back_with_its_facts(journal: Journal) -> None:
    record = journal.record_forecast("f1", "objects/f1", **FORECAST)
    usage = journal.record_forecast("f2", "objects/f2", **(FORECAST | {"measure": "usage:kwh"}))
    assert journal.forecasts() == [record, usage]
    assert journal.forecasts("revenue")[0].facts == {"unit": "USD per month", "layers": [1, 2]}


def test_a_journal_of_the_first_release_keeps_its_entries_and_gains_the_tables(place: str | Path) -> None:
    engine = open_database(place)
    config = Config()
    config.set_main_option("script_location", str(Path(growthring.journal.__file__).parent / "migrations"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO run_start (run_id, started_at) VALUES ('old', '2011-01-01 00:00:00')"))
    engine.dispose()
    with Journal.open(place) as journal:
        assert [run.run_id for run in journal.runs()] == ["old"]
        journal.add_override(OverrideLayer.REP, OverrideMethod.ADD, Decimal(1), **OVERRIDE)
        assert len(journal.overrides()) == 1
