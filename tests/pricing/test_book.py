"""Price book files: what is read, and what a mistake in one is answered with."""

from pathlib import Path

import pytest

from growthring.kernel.errors import ConfigurationError
from growthring.pricing.book import read_books

BOOK = """\
name: {name}
currency: USD
{head}
meters: [{{id: calls{meter}}}]
versions:
  - effective_from: 2024-01-01
    components:
      - {{id: api, meter: calls, price: {price}{more}}}
assign: [{assign}]
"""


def written(
    folder: Path, *, name: str = "plain", head: str = "", meter: str = "", price: str = "{model: per_unit, unit_price: 0.01}",
    more: str = "", assign: str = "{}",
) -> Path:  # fmt: skip
    text = BOOK.format(name=name, head=head, meter=meter, price=price, more=more, assign=assign)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_book_with_a_byte_order_mark_is_read(tmp_path: Path):
    path = written(tmp_path) / "plain.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [book.name for book in read_books(tmp_path)[0]] == ["plain"]


def test_a_misspelt_field_is_named_once_and_alone(tmp_path: Path):
    with pytest.raises(ConfigurationError) as found:
        read_books(written(tmp_path, price="{model: per_unit, unit_price: 1, unit_prize: 2}"))
    assert "price.per_unit.unit_prize: there is no such field." in found.value.happened
    assert "at least 1 item" not in found.value.happened


def test_a_value_that_cannot_be_read_is_shown(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="valid decimal, not 'abc'"):
        read_books(written(tmp_path, price="{model: per_unit, unit_price: abc}"))


@pytest.mark.parametrize(("text", "held"), [("", "nothing"), ("- 1\n", r"\[1\]"), ("price", "'price'")])
def test_a_file_without_fields_is_refused_with_the_fields_it_needs(tmp_path: Path, text: str, held: str):
    (tmp_path / "notes.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"{held}\. Valid: fields such as name, currency, versions"):
        read_books(tmp_path)


def test_two_definitions_of_a_meter_are_refused_and_the_same_one_twice_is_not(tmp_path: Path):
    written(tmp_path, name="one")
    assert len(read_books(written(tmp_path, name="two", assign="{accounts: [b]}"))[0]) == 2
    with pytest.raises(ConfigurationError, match="defined in several ways: calls"):
        read_books(written(tmp_path, name="three", assign="{accounts: [c]}", meter=", aggregation: count"))


@pytest.mark.parametrize(
    ("one", "other", "claimed"),
    [
        ("{}", "{}", "everybody that no other book claims"),
        ("{attributes: {plan: pro}}", "{attributes: {plan: pro}, ends_on: 2024-07-01}", "plan pro"),
        ("{accounts: [a, b]}", "{accounts: [c, b]}", "b"),
    ],
)
def test_two_books_that_claim_the_same_customers_with_equal_right_are_refused(tmp_path: Path, one: str, other: str, claimed: str):
    written(tmp_path, name="one", assign=one)
    with pytest.raises(ConfigurationError, match=f"one and two both claim {claimed}"):
        read_books(written(tmp_path, name="two", assign=other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{}", "{attributes: {plan: pro}}"),
        ("{attributes: {plan: pro}}", "{attributes: {plan: team}}"),
        ("{accounts: [a]}", "{accounts: [b]}"),
        ("{ends_on: 2024-07-01}", "{starts_on: 2024-07-01}"),
    ],
)
def test_books_that_are_not_in_each_others_way_stand_beside_each_other(tmp_path: Path, one: str, other: str):
    written(tmp_path, name="one", assign=one)
    assert len(read_books(written(tmp_path, name="two", assign=other))[0]) == 2


def test_nobody_is_billed_in_a_currency_the_book_has_no_price_in(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="bills in EUR, and the book has prices in USD"):
        read_books(written(tmp_path, assign="{currency: EUR}"))


def test_a_book_of_several_currencies_has_no_component_with_one_price(tmp_path: Path):
    path = written(tmp_path) / "plain.yaml"
    fee = "      - {id: fee, prices: {EUR: {model: flat, amount: 20}}}\nassign"
    path.write_text(path.read_text(encoding="utf-8").replace("assign", fee), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="api has one price, and the book is sold in EUR, USD"):
        read_books(tmp_path)


@pytest.mark.parametrize("order", ["[minimum]", "[minimum, minimum, maximum, overage, amount_discount]"])
def test_an_order_that_leaves_out_an_adjustment_is_refused(tmp_path: Path, order: str):
    with pytest.raises(ConfigurationError, match="names each of amount_discount, percent_discount, overage, minimum, maximum"):
        read_books(written(tmp_path, head=f"order: {order}"))


def test_fractions_fall_through_only_where_tiers_begin_at_their_bounds(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="from_inclusive only"):
        read_books(written(tmp_path, head="policy_changes: {fractions: gap}"))


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ("{kind: percent_discount, percent: 150}", "less than or equal to 100"),
        ("{kind: amount_discount, amount: -5}", "greater than or equal to 0"),
        ("{kind: overage, amount: 5, factor: -1}", "greater than or equal to 0"),
        ("{kind: minimum, amount: 5, first_period: 3, last_period: 1}", "before it begins"),
    ],
)
def test_an_adjustment_that_could_only_be_a_mistake_is_refused(tmp_path: Path, step: str, wrong: str):
    with pytest.raises(ConfigurationError, match=wrong):
        read_books(written(tmp_path, more=f", adjustments: [{step}]"))
