import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from growthring.cli.main import app
from growthring.kernel.errors import GrowthringError
from growthring.operations.answer import Answer
from growthring.operations.forecasting.bridge import bridge
from growthring.operations.history.decisions import tag_account
from tests.operations.books import RATES, Books
from tests.operations.published import publish

AHEAD = ("2024-02", "2024-03", "2024-04")


def parts(answer: Answer) -> dict[str, Decimal]:
    rows = [row for row in answer.rows if row["kind"] == "part"]
    shares = {row["part"]: Decimal(row["amount"]) for row in rows[1:-1]}
    assert Decimal(rows[0]["amount"]) + sum(shares.values()) == Decimal(rows[-1]["amount"])
    assert sum(shares.values()) == Decimal(answer.value)
    for part, share in shares.items():
        for kind in ("account", "month"):
            assert sum(Decimal(row["amount"]) for row in answer.rows if (row["kind"], row.get("part")) == (kind, part)) == share
    return shares


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path / "brook", project='data_through = "2024-01-31"', more=RATES)
    books.rates([("EUR", "USD", date(2023, 1, 1), Decimal("1.25")), ("EUR", "USD", date(2024, 2, 1), Decimal("1.5"))])
    books.steady("2023-10", "2024-01", {"anna": 100, "bert": 50})
    books.lines("2024-01", [("e", "emma", 40, {"currency": "EUR"})], "emma")
    books.run()
    return books


def expected(month: str) -> list[tuple]:
    return [("anna", "plan", month, "statistical", 100), ("bert", "plan", month, "statistical", 50),
            ("emma", "plan", month, "statistical", 50)]  # fmt: skip


def came(books: Books, anna: int = 100, bert: int | None = 50, emma: int = 40, more: tuple = ()) -> None:
    for month in AHEAD:
        rows = [(f"a-{month}", "anna", anna), (f"e-{month}", "emma", emma, {"currency": "EUR"})]
        rows += [(f"b-{month}", "bert", bert)] if bert else []
        books.lines(month, [*rows, *((f"{name}-{month}", name, amount) for name, amount in more)])
    books.settings(project='data_through = "2024-04-30"', more=RATES)
    books.run()


def test_what_came_is_explained_from_the_rows_that_came(books: Books):
    publish(books.open(), "2024-01", [line for month in AHEAD for line in expected(month)])
    came(books, anna=120, bert=None, more=[("dora", 30)])
    answer = bridge(books.open(), "latest", "actual")
    # anna's price rose (her quantity is 1), bert left, dora is new, and 40 euros became worth 60 dollars instead of 50
    assert parts(answer) == {"price_mix": 60, "churned": -150, "new_customers": 90, "fx": 30}
    assert answer.at == "2024-02 to 2024-04"
    assert answer.unit == "USD"
    back = bridge(books.open(), "actual", "latest")
    assert parts(back) == {"price_mix": -60, "churned": 150, "new_customers": -90, "fx": -30}


def test_rows_that_came_late_are_restated_and_not_use(books: Books):
    publish(books.open(), "2024-01", [line for month in AHEAD for line in expected(month)])
    books.lines("2024-01", [("late", "anna", 10, {"quantity": 0})], "late")
    came(books, anna=110)
    answer = bridge(books.open(), "latest", "actual", window="2024-Q1")
    assert parts(answer) == {"restatement": 30, "fx": 20}
    months = {row["month"]: row["amount"] for row in answer.rows if row["kind"] == "month" and row["part"] == "restatement"}
    assert months == {"2024-01": "10.0000", "2024-02": "10.0000", "2024-03": "10.0000"}


def test_a_forecast_is_bridged_to_a_later_one_with_their_layers(books: Books):
    publish(books.open(), "2024-01", [line for month in AHEAD for line in expected(month)])
    came(books, emma=40)
    project = books.open()
    second = publish(
        project, "2024-02", [("anna", "plan", "2024-03", "statistical", 100), ("anna", "plan", "2024-03", "rep", 25),
                             ("bert", "plan", "2024-03", "statistical", 55), ("emma", "plan", "2024-03", "statistical", 60)],
        as_of=date(2024, 2, 29),
    )  # fmt: skip
    first = next(row for row in _listed(books) if row["origin"] == "2024-01")["forecast_id"]
    answer = bridge(project, first, second.record.forecast_id, window="2024-03")
    assert parts(answer) == {"override_rep": 25, "volume": 5, "fx": 10}
    assert any("Timing" in caveat for caveat in answer.caveats) is False


def test_a_rerun_that_was_published_tells_model_from_use(books: Books):
    project = books.open()
    lines = [line for month in AHEAD for line in expected(month)]
    first = publish(project, "2024-01", lines)
    came(books, emma=40)
    project = books.open()
    grown = [(*line[:4], line[4] * 2 if line[0] == "anna" else line[4] * (1.2 if line[0] == "emma" else 1)) for line in lines]
    second = publish(project, "2024-02", grown[3:], horizon=2, model_version="2")
    mixed = bridge(project, first.record.forecast_id, second.record.forecast_id)
    assert parts(mixed) == {"model_or_volume": 200, "fx": 30}
    assert any("cannot be told apart" in caveat for caveat in mixed.caveats)
    tested = [(*line[:4], line[4] * 2 if line[0] == "anna" else line[4]) for line in lines]
    publish(project, "2024-01", tested, model_version="2", snapshot_id=first.facts.snapshot_id)
    told = bridge(project, first.record.forecast_id, second.record.forecast_id)
    assert parts(told) == {"model_change": 200, "fx": 30}


def test_notes_taken_after_a_forecast_was_published_are_not_read_back_into_it(books: Books):
    books.usage([(f"u{month}", "anna", f"2024-0{month}-10", 1000) for month in (1, 2, 3, 4)])
    project = books.open()
    publish(project, "2024-01", [line for month in AHEAD for line in expected(month)])
    came(books)
    tag_account(books.open(), "anna", "one_off", "2024-01", None, because="migration", author="Kim")
    answer = bridge(books.open(), "latest", "actual", window="2024-01")
    assert parts(answer) == {}
    assert answer.value == "0.0000"


def test_what_will_not_repeat_is_a_one_off_in_the_month_that_came(books: Books):
    publish(books.open(), "2024-01", [line for month in AHEAD for line in expected(month)])
    books.lines("2024-03", [("spike", "bert", 300)], "spike")
    came(books)
    tag_account(books.open(), "bert", "one_off", "2024-03", None, because="migration", author="Kim")
    shares = parts(bridge(books.open(), "latest", "actual"))
    assert shares["one_offs"] == 300
    assert shares.get("volume", 0) == 0


def test_accounts_beyond_the_top_are_added_up_in_one_row(books: Books):
    publish(books.open(), "2024-01", [line for month in AHEAD for line in expected(month)])
    came(books, more=[("dora", 30), ("emil", 20), ("fred", 10)])
    answer = bridge(books.open(), "latest", "actual", top=1)
    listed = [
        (row["account"], row["amount"]) for row in answer.rows if row["kind"] == "account" and row["part"] == "new_customers"
    ]
    assert listed == [("dora", "90.0000"), ("(2 others)", "90.0000")]


def test_a_bridge_needs_a_forecast_and_a_month_that_came(books: Books):
    with pytest.raises(GrowthringError, match="Neither end is a forecast"):
        bridge(books.open(), "actual", "actual")
    publish(books.open(), "2024-01", [line for month in AHEAD for line in expected(month)])
    with pytest.raises(GrowthringError, match="no month in common"):
        bridge(books.open(), "latest", "actual")
    with pytest.raises(GrowthringError, match="does not speak of all months"):
        bridge(books.open(), "latest", "actual", window="2024-Q2")


def test_the_command_prints_parts_and_accounts(books: Books):
    publish(books.open(), "2024-01", [line for month in AHEAD for line in expected(month)])
    came(books, anna=120)
    printed = CliRunner().invoke(app, ["bridge", "latest", "actual", "-C", str(books.root)])
    assert printed.exit_code == 0, printed.output
    assert "price mix" in printed.output or "price_mix" in printed.output
    assert "By account" in printed.output
    found = CliRunner().invoke(app, ["bridge", "latest", "actual", "--json", "-C", str(books.root)])
    assert json.loads(found.stdout)["value"] == "90.0000"


def _listed(books: Books) -> list[dict]:
    from growthring.operations.forecasting.published import list_forecasts

    return list_forecasts(books.open())
