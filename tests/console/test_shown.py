"""Rows of a table are sorted, filtered and cut by the address alone, whatever the address says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.console.asked import Asked
from growthring.console.blocks import Column, Table
from growthring.console.shown import shown

COLUMNS = (Column("name", "Name", "name"), Column("amount", "Amount", "amount"), Column("kind", "Kind", words={"n": "New"}))
ROWS = [
    {"name": "Zoë", "amount": "9.50", "kind": "n"},
    {"name": "amy", "amount": "-10.00", "kind": "x"},
    {"name": "Bob", "amount": None, "kind": "x"},
    {"name": "李雷", "amount": "100.00", "kind": "n"},
]
TABLE = Table("t", COLUMNS, ROWS, page_size=3)


def names(**params: str) -> list[str]:
    return [row["name"] for row in shown(TABLE, Asked("/", {f"t.{name}": value for name, value in params.items()})).rows]


def test_figures_are_ordered_by_size_and_what_is_absent_comes_last():
    assert names(sort="amount") == ["amy", "Zoë", "李雷"]
    assert names(sort="-amount") == ["李雷", "Zoë", "amy"]
    assert names(sort="-amount", page="2") == ["Bob"]


def test_text_is_ordered_without_regard_to_case():
    assert names(sort="name")[:2] == ["amy", "Bob"]


def test_a_filter_finds_text_in_any_column_and_in_the_words_of_codes():
    assert names(find="AMY") == ["amy"]
    assert names(find="new") == ["Zoë", "李雷"]
    assert names(find="李") == ["李雷"]


@pytest.mark.parametrize("page", ["0", "-1", "٣", "1e9", "999999999999999999999", "x", ""])
def test_a_page_that_is_none_is_the_nearest_one(page: str):
    assert names(page=page) in (["Zoë", "amy", "Bob"], ["李雷"])


@given(
    st.sampled_from(["name", "-name", "amount", "-amount", "kind", "nothing", "-", ""]), st.sampled_from(["", "a", "o", "new"])
)
def test_pages_together_hold_each_matching_row_once(sort: str, find: str):
    whole = shown(TABLE, Asked("/", {"t.sort": sort, "t.find": find}), every=True).rows
    turned = []
    for page in range(1, shown(TABLE, Asked("/", {"t.sort": sort, "t.find": find})).pages + 1):
        turned += shown(TABLE, Asked("/", {"t.sort": sort, "t.find": find, "t.page": str(page)})).rows
    assert turned == list(whole)
