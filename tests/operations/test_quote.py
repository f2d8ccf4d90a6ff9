"""A price as the customer sees it, and other prices tried on history: what is asked has to be answerable."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.operations.data.run import run
from growthring.operations.pricing.bill import explain_bill
from growthring.operations.pricing.quote import Asked, quote
from growthring.operations.pricing.rating import bills
from growthring.operations.pricing.simulation import WhatIf, try_prices
from growthring.operations.project import Project
from tests.operations.books import USAGE, Books

BOOK = """\
name: {name}
currency: USD
meters: [{{id: calls, aggregation: {aggregation}{meter}}}]
versions:
  - effective_from: 2023-01-01
    components: [{{id: api, meter: calls, price: {price}}}]
assign: [{{}}]
"""
ONE = "{model: per_unit, unit_price: 1}"


def book(*, name: str = "brook", aggregation: str = "count", meter: str = "", price: str = ONE) -> str:
    return BOOK.format(name=name, aggregation=aggregation, meter=meter, price=price)


def project_under(root: Path, text: str) -> Project:
    """A project known to 10 January whose customer made ten calls a day, one record a day, half of them in the EU."""
    books = Books(root, project='data_through = "2024-01-10"', more=USAGE)
    books.steady("2023-12", "2024-01", {"17850": 100})
    books.usage([])
    rows = ["usage_id,account_id,meter,used_at,quantity,dimensions,known_at"]
    for day in range(1, 11):
        at = f"2024-01-{day:02} 12:00:00"
        rows.append(f"u{day},17850,calls,{at},10,region={'eu' if day % 2 else 'us'},{at}")
    (root / "raw" / "usage.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (root / "price_books" / "brook.yaml").write_text(text, encoding="utf-8")
    opened = Project.open(root)
    run(opened)
    return opened


@pytest.mark.parametrize(("meter", "records"), [("", 10), (", filters: {region: [eu]}", 5)])
def test_the_bill_so_far_counts_what_the_meter_counts(tmp_path: Path, meter: str, records: int):
    answer = quote(project_under(tmp_path, book(meter=meter)), "17850", Asked())
    so_far = next(row for row in answer.rows if row["what"].startswith("so far"))
    assert Decimal(so_far["value"]) == Decimal(answer.value) == records


def test_a_price_is_shown_as_it_was_known_on_an_earlier_day(tmp_path: Path):
    project = project_under(tmp_path, book())
    assert quote(project, "17850", Asked(), as_of=datetime(2024, 1, 4)).value == "3.00"
    assert quote(project, "17850", Asked()).value == "10.00"


def test_the_bill_of_a_period_that_is_not_over_says_so(tmp_path: Path):
    project = project_under(tmp_path, book())
    [running] = explain_bill(project, "17850", at="2024-01")
    assert running.so_far == "The period is not over: this is what was used through 2024-01-10."
    assert any("periods are not over: they hold what was used through 2024-01-10" in each for each in bills(project).caveats)


def test_a_cost_of_a_meter_that_does_not_exist_is_refused(tmp_path: Path):
    project = project_under(tmp_path, book())
    with pytest.raises(UnknownValueError, match="kwh"):
        try_prices(project, [project.root / "price_books" / "brook.yaml"], WhatIf(unit_costs={"kwh": Decimal(1)}))


def test_a_bill_that_its_quantity_does_not_make_is_told(tmp_path: Path):
    price = "{model: matrix, cells: [{when: {region: eu}, price: {model: per_unit, unit_price: 3}}], default: " + ONE + "}"
    answer = quote(project_under(tmp_path, book(meter=", dimensions: [region]", price=price)), "17850", Asked())
    assert any("The bill itself is 20.00 USD" in each for each in answer.caveats)


def test_more_than_can_be_metered_is_refused(tmp_path: Path):
    with pytest.raises(GrowthringError, match="too much to be priced"):
        quote(project_under(tmp_path, book()), "17850", Asked(more=[Decimal("1e30")]))


def test_what_cannot_be_tried_is_refused_in_words(tmp_path: Path):
    project = project_under(tmp_path / "own", book())

    def tried(text: str, asked: WhatIf) -> None:
        file = tmp_path / "new.yaml"
        file.write_text(text, encoding="utf-8")
        try_prices(project, [file], asked)

    tried(book(name="new", meter=", unit: call"), WhatIf(until="2024-01"))
    for text, asked, words in (
        (book(name="new", aggregation="sum"), WhatIf(), "does not meter calls"),
        (book(name="new").replace("id: calls", "id: sms").replace("meter: calls", "meter: sms"), WhatIf(), "does not meter sms"),
        (book(name="new"), WhatIf(since="2024-02", until="2024-01"), "holds no month"),
        (book(name="new"), WhatIf(yearly_cap=Decimal(-5)), "0 or more"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            tried(text, asked)
    with pytest.raises(UnknownValueError, match="weather"):
        tried(book(name="new"), WhatIf(by=["weather"]))
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        try_prices(project, [tmp_path / "none.yaml"], WhatIf())
