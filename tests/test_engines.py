import pytest

import tests.engines
from tests.engines import OPTIONAL, missing


def test_spark_multiplies_money_exactly(spark) -> None:
    row = spark.sql(
        "SELECT CAST(CAST('0.07' AS DECIMAL(18,4)) * CAST('3.33333333' AS DECIMAL(18,8)) AS STRING) AS product"
    ).first()
    assert row["product"] == "0.233333333100"
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"


def test_clickhouse_answers_in_process(chdb) -> None:
    assert str(chdb.query("SELECT toDecimal64('0.10', 2) + toDecimal64('0.20', 2)", "TabSeparated")).strip() == "0.3"


def test_postgres_answers_and_each_test_has_an_empty_database(postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_an_engine_that_is_missing_is_named_with_the_way_to_get_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROWTHRING_TEST_POSTGRES_URL", raising=False)
    monkeypatch.setattr(tests.engines.shutil, "which", lambda _: None)
    monkeypatch.setattr(tests.engines.Path, "glob", lambda *_: iter(()))
    monkeypatch.setattr(tests.engines.importlib.util, "find_spec", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert missing(name).startswith(f"{name} is not on this machine: install ")
