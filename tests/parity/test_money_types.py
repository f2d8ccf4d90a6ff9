"""Money stays DECIMAL from the first relation to the last: one division would make a whole column a float."""

import pytest

from growthring.tables import DERIVED
from growthring.tables.contract import ColumnType
from tests.parity.conftest import expected_under
from tests.parity.statements import POLICIES

PUBLISHED = {
    **{
        name: [column.name for column in DERIVED[name].columns if column.type is ColumnType.AMOUNT]
        for name in ("recurring", "movement")
    },
    "entity_month": ["amount"],
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("table", PUBLISHED)
def test_every_published_money_column_is_a_decimal(table: str, policy: str) -> None:
    ledger = expected_under(policy).ledger
    types = dict(
        ledger.connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = ?", [table]
        ).fetchall()
    )
    assert {column: types[column] for column in PUBLISHED[table]} == dict.fromkeys(PUBLISHED[table], "DECIMAL(18,4)")
