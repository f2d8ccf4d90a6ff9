"""Changing a book by choice, reading prices as lines, and keeping drafts."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.operations.pricing.price_books import book_text, revenue_by_book
from growthring.operations.pricing.price_changes import PriceChange, as_yaml, changed_book
from growthring.operations.pricing.price_drafts import draft_path, keep_draft, list_drafts
from growthring.operations.pricing.price_lines import book_lines
from growthring.operations.pricing.price_trial import Trial, changed_lines, simulate_prices, trial_attributes
from growthring.operations.project import Project
from growthring.pricing.book import PriceBook, read_book

PRICES: dict[str, dict[str, Any]] = {
    "fee": {"model": "flat", "amount": 100},
    "unit": {"model": "per_unit", "unit_price": 2},
    "graduated": {"model": "graduated", "tiers": [{"up_to": 10, "unit_price": 3, "flat_fee": 5}, {"unit_price": 1}]},
    "volume": {"model": "volume", "tiers": [{"up_to": 10, "unit_price": 3, "cap": 20}, {"unit_price": 1}]},
    "stairs": {"model": "stair_step", "tiers": [{"up_to": 10, "flat_fee": 7}, {"flat_fee": 9}]},
    "package": {"model": "package", "package_size": 100, "package_price": 4, "free_units": 50},
    "percentage": {"model": "percentage", "rate": 2, "fixed_per_event": 1},
    "percent_tiers": {"model": "graduated_percentage", "tiers": [{"up_to": 100, "rate": 3}, {"rate": 2}]},
    "dynamic": {"model": "dynamic", "multiplier": 1},
    "capacity": {"model": "capacity", "amount": 99, "included": 1000, "overage_price": "0.05"},
    "block": {"model": "block", "tiers": [{"size": 10, "max_blocks": 5, "price": 6}, {"size": 10, "price": 4}]},
    "limits": {"model": "capacity_tiers", "tiers": [{"price": 10, "limits": {"use": 5}}, {"price": 20}]},
    "matrix": {
        "model": "matrix",
        "cells": [{"when": {"region": "eu"}, "price": {"model": "per_unit", "unit_price": 8}}],
        "default": {"model": "per_unit", "unit_price": 6},
    },
}


def every_price() -> PriceBook:
    components = [
        {"id": name, "price": price, **({} if name in ("fee", "limits") else {"meter": "use"})} for name, price in PRICES.items()
    ]
    return PriceBook.model_validate(
        {
            "name": "all",
            "currency": "USD",
            "meters": [{"id": "use", "dimensions": ["region"]}],
            "versions": [{"effective_from": "2024-01-01", "components": components}],
        }
    )


def lines_of(book: PriceBook, component: str) -> list[tuple[str | None, ...]]:
    wanted = ("when", "over", "up_to", "unit_price", "fee", "per")
    return [tuple(line[name] for name in wanted) for line in book_lines(book) if line["component"] == component]


@pytest.mark.parametrize(
    ("component", "lines"),
    [
        ("fee", [("", None, None, None, "100", None)]),
        ("unit", [("", None, None, "2", None, "1")]),
        ("graduated", [("", None, "10", "3", "5", "1"), ("", "10", None, "1", None, "1")]),
        ("stairs", [("", None, "10", "0", "7", "1"), ("", "10", None, "0", "9", "1")]),
        ("package", [("", "50", None, "4", None, "100")]),
        ("percentage", [("", None, None, "0.02", "1", "1")]),
        ("percent_tiers", [("", None, "100", "0.03", None, "1"), ("", "100", None, "0.02", None, "1")]),
        ("capacity", [("", None, "1000", None, "99", None), ("", "1000", None, "0.05", None, "1")]),
        ("block", [("", None, "50", "6", None, "10"), ("", None, None, "4", None, "10")]),
        ("limits", [("use ≤ 5", None, None, None, "10", None), ("", None, None, None, "20", None)]),
        ("matrix", [("region = eu", None, None, "8", None, "1"), ("otherwise", None, None, "6", None, "1")]),
    ],
)
def test_every_price_model_reads_as_lines(component: str, lines: list[tuple[str | None, ...]]):
    assert lines_of(every_price(), component) == lines


def test_prices_of_use_and_fees_change_apart():
    dearer = changed_book(every_price(), PriceChange(use=Decimal(10)))
    assert lines_of(dearer, "fee") == lines_of(every_price(), "fee")
    assert lines_of(dearer, "limits") == lines_of(every_price(), "limits")
    assert lines_of(dearer, "graduated")[0] == ("", None, "10", "3.3", "5.5", "1")
    assert lines_of(dearer, "matrix")[0][3] == "8.8"
    assert lines_of(dearer, "capacity") == [("", None, "1000", None, "99", None), ("", "1000", None, "0.055", None, "1")]
    fees = changed_book(every_price(), PriceChange(fees=Decimal(-50)))
    assert lines_of(fees, "fee")[0][4] == "50" and lines_of(fees, "capacity")[0][4] == "49.5"
    assert [line[4] for line in lines_of(fees, "limits")] == ["5", "10"]
    assert lines_of(fees, "block") == lines_of(every_price(), "block")


def test_a_change_of_one_component_leaves_the_others():
    changed = changed_book(every_price(), PriceChange("unit", use=Decimal(50), included=Decimal(7)))
    assert lines_of(changed, "unit") == [("", None, None, "3", None, "1")]
    assert {line["included"] for line in book_lines(changed) if line["component"] != "unit"} == {"0"}
    assert {line["included"] for line in book_lines(changed) if line["component"] == "unit"} == {"7"}
    assert all(lines_of(changed, name) == lines_of(every_price(), name) for name in PRICES if name != "unit")


def test_a_changed_book_reads_back_from_yaml_as_the_same_book(tmp_path: Path):
    book = changed_book(every_price(), PriceChange(use=Decimal(5), everyone=True))
    place = tmp_path / "draft.yaml"
    place.write_text(as_yaml(book), encoding="utf-8")
    assert read_book(place) == book and book.name == "all-for-everyone"


def test_changes_without_meaning_are_refused():
    with pytest.raises(UnknownValueError, match="Unknown component of all: seats"):
        changed_book(every_price(), PriceChange("seats"))
    with pytest.raises(ConfigurationError, match="Prices cannot change by -101 %"):
        changed_book(every_price(), PriceChange(use=Decimal(-101)))


@pytest.mark.parametrize("draft", ["", "../../growthring", "..", "/etc/passwd", "a" * 32, "A" * 32, "52518e22\n", "%2e%2e%2fx"])
def test_what_is_no_draft_leads_to_no_file(ringwood: Project, draft: str):
    with pytest.raises(UnknownValueError, match="Unknown draft"):
        draft_path(ringwood, draft)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds nothing"),
        ("name: [", "no YAML"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("? [a]\n: b", "cannot be read"),
        ("name: \ud800", "no YAML"),
        ("[" * 200_000, "nested too deeply"),
        ("x" * 200_001, "200,001 characters"),
        ("name: n\ncurrency: USD\nversions: [{effective_from: 2024-01-01, components: [{id: a, meter: sms,"
         " price: {model: per_unit, unit_price: 1}}]}]", "prices the meter sms"),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_is_no_draft(ringwood: Project, text: str, told: str):
    project = ringwood
    with pytest.raises(GrowthringError, match=told) as raised:
        keep_draft(project, text)
    assert str(project.root) not in str(raised.value)
    assert list_drafts(project) == [] and not list((project.state / "console" / "drafts").iterdir())


def test_the_same_text_is_the_same_draft(ringwood_copy: Callable[[], Project]):
    project = ringwood_copy()
    text = book_text(project, "api")
    assert keep_draft(project, text) == keep_draft(project, text)
    (kept,) = list_drafts(project)
    assert (kept["book"], kept["wrong"]) == ("api", "")
    assert draft_path(project, kept["draft"]).read_text(encoding="utf-8") == text


def test_books_bring_what_their_bills_ask_for(ringwood: Project):
    found = revenue_by_book(ringwood)
    (book,) = [row for row in found.rows if row["kind"] == "book"]
    assert (book["book"], book["amount"], book["share"]) == ("api", found.value, 1.0)
    dollars = {kind: Decimal(row["amount"]) for row in found.rows for kind in [row["kind"]] if row["currency"] == "USD"}
    assert dollars["billed"] == dollars["component"] > 0
    assert any("rate of the last day" in each for each in found.caveats)


def test_prices_one_tenth_higher_bring_one_tenth_more_and_every_sum_agrees(ringwood: Project):
    told: list[str] = []
    trial = Trial(change=PriceChange(use=Decimal(10)), by="segment")
    found = simulate_prices(ringwood, trial, progress=lambda stage, *_: told.append(stage))
    total = found.rows[0]
    assert total["before"] == revenue_by_book(ringwood).value
    assert total["relative"] == pytest.approx(0.1, abs=1e-4)
    assert found.value == total["change"] == str(Decimal(total["after"]) - Decimal(total["before"]))
    for kind in ("month", "segment"):
        parts = sum(Decimal(row["change"]) for row in found.rows if row["kind"] == kind)
        assert abs(parts - Decimal(total["change"])) < Decimal("0.1")
    billed = {row["currency"]: Decimal(row["change"]) for row in found.rows if row.get("of") == "billed"}
    accounts = [row for row in found.rows if row["kind"] == "account"]
    assert {row["currency"] for row in accounts} == billed.keys()
    assert all(sum(Decimal(row["change"]) for row in accounts if row["currency"] == code) == billed[code] for code in billed)
    assert len([row for row in found.rows if row["kind"] == "month"]) == 12
    assert sum(row["bills"] for row in found.rows if row["kind"] == "shock_account") == total["accounts"]
    assert any("Behaviour is held fixed" in each for each in found.caveats)
    assert told[-1] == "comparing bills"


def test_use_that_responds_keeps_less_of_a_price_rise(ringwood: Project):
    trial = Trial(change=PriceChange(use=Decimal(10)), months=3, elasticity=Decimal("-0.5"), choice="period")
    found = simulate_prices(ringwood, trial)
    held, responding = (next(row for row in found.rows if row.get("of") == of) for of in ("all", "responding"))
    assert 0 < Decimal(responding["change"]) < Decimal(held["change"])
    lost = [Decimal(row["lost"]) for row in found.rows if row["kind"] == "choice" and row["plan"] != "baseline"]
    assert lost and all(each >= 0 for each in lost)


def test_only_some_accounts_are_tried_and_unknown_ones_are_refused(ringwood: Project):
    value = trial_attributes(ringwood)["segment"][0]
    some = simulate_prices(ringwood, Trial(change=PriceChange(use=Decimal(10)), months=3, only=("segment", value)))
    every = simulate_prices(ringwood, Trial(change=PriceChange(use=Decimal(10)), months=3))
    assert 0 < some.rows[0]["accounts"] < every.rows[0]["accounts"]
    with pytest.raises(ConfigurationError, match="No account with segment = nowhere is billed"):
        simulate_prices(ringwood, Trial(change=PriceChange(use=Decimal(10)), only=("segment", "nowhere")))


def test_tried_prices_stand_beside_those_in_force(ringwood: Project):
    (dollars, *_) = changed_lines(ringwood, Trial(change=PriceChange(use=Decimal(10), included=Decimal(1000))))
    assert (dollars["currency"], dollars["unit_price_now"], dollars["unit_price"]) == ("USD", "0.0012", "0.00132")
    assert (dollars["included_now"], dollars["included"]) == ("0", "1000")
