from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.engine.duckdb_session import connect
from growthring.engine.relation import Relation, compose, literal, relation
from growthring.kernel.errors import UnknownValueError

CONNECTION = connect()
values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**62), 2**62),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.dates(date(1, 1, 1)), st.datetimes(datetime(1900, 1, 1), datetime(9999, 12, 31)).map(lambda at: at.replace(microsecond=0)),
    st.decimals(-(10**12), 10**12, places=4),
)  # fmt: skip


@given(values)
def test_a_literal_means_the_value_that_it_was_made_of(value):
    [found] = CONNECTION.execute(f"SELECT {literal(value)}").fetchone()
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


def test_parameters_are_bound_and_a_value_is_never_bound_again():
    bound = relation("growthring.revenue", "product_month", {"by": "$by", "as_of": datetime(2024, 1, 1)})
    assert bound.name == "product_month"
    assert "$" not in bound.sql or "'$by'" in bound.sql


def test_a_parameter_without_a_value_is_named():
    with pytest.raises(UnknownValueError, match=r"parameter of recurring\.sql"):
        relation("growthring.revenue", "recurring", {})


def test_composing_keeps_what_is_needed_in_order():
    chain = [
        Relation("a", "SELECT 1 AS x"),
        Relation("unused", "SELECT 2 AS x"),
        Relation("b", "WITH step AS (SELECT x + 1 AS x FROM a)\nSELECT x FROM step"),
        Relation("c", "-- what it means\nSELECT a.x + b.x AS x FROM a JOIN b ON TRUE"),
    ]
    sql = compose(chain, "c")
    assert "unused" not in sql
    assert CONNECTION.execute(sql).fetchall() == [(3,)]
    assert compose(chain, "a") == "SELECT 1 AS x"
    assert CONNECTION.execute(compose(chain, "b")).fetchall() == [(2,)]
    with pytest.raises(UnknownValueError):
        compose(chain, "d")


@pytest.mark.parametrize("text", ["O'Hara", "'; DROP TABLE x; --", "$name", "\\'", "a\nb", "%s"])
def test_text_with_quotes_is_data_and_never_sql(text: str):
    assert CONNECTION.execute(f"SELECT {literal(text)}, {literal(Decimal('1.10'))}").fetchone() == (text, Decimal("1.10"))
