import re

import pytest

from growthring.engine.catalog import create_empty
from growthring.engine.duckdb_session import connect
from growthring.tables import CANONICAL, DERIVED, Table

EVERY = list({**CANONICAL, **DERIVED}.values())


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.name)
def test_a_contract_names_each_column_once_says_what_it_means_and_has_a_key_of_its_own(table: Table):
    assert len(set(table.column_names)) == len(table.column_names)
    assert set(table.key) <= set(table.column_names)
    assert table.meaning.endswith(".")
    assert table.grain
    for column in table.columns:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name)
        assert len(column.meaning) > 10, column.name
        assert column.meaning.rstrip().endswith("."), column.name
    if table.partition_on:
        assert table.column(table.partition_on).required


@pytest.mark.parametrize("table", list(CANONICAL.values()), ids=lambda table: table.name)
def test_every_canonical_row_says_when_it_was_known_and_where_it_came_from(table: Table):
    assert table.column_names[-3:] == ("known_at", "source_file", "source_row")


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.name)
def test_checks_and_types_of_a_contract_are_understood_by_the_engine(table: Table):
    connection = connect()
    create_empty(connection, table)
    described = connection.execute(f"DESCRIBE {table.name}").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == [(each.name, each.type.value) for each in table.columns]
    for check in table.checks:
        assert re.fullmatch(r"[A-Z_]+", check.code)
        assert check.message and check.remedy
        connection.execute(f"SELECT {check.condition} FROM {table.name}")


def test_codes_of_checks_mean_one_thing_everywhere():
    told = {}
    for table in EVERY:
        for check in table.checks:
            assert told.setdefault(check.code, check.message) == check.message


def test_columns_are_named_by_what_they_hold():
    for table in EVERY:
        for column in table.columns:
            if column.name.endswith("_on"):
                assert column.type.value == "DATE", column.name
            if column.name.endswith("_at"):
                assert column.type.value == "TIMESTAMP", column.name
            if column.name.endswith("amount"):
                assert column.type.value.startswith("DECIMAL"), column.name
