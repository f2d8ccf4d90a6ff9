# ruff: noqa: E501 (rows of made-up files stand on one line)
import pytest

from growthring.kernel.errors import ConfigurationError
from growthring.sources.expressions import bind_expression

COLUMNS = ["InvoiceNo", "Quantity", "UnitPrice", "Customer ID", "day"]


def bound(text: str, **types: str):
    return bind_expression(text, COLUMNS, types, "amount")


@pytest.mark.parametrize(
    "text",
    [
        "(SELECT 1)", "EXISTS (SELECT 1)", "(FROM duckdb_settings())", "Quantity IN (SELECT 1)", "read_text('/etc/passwd')",
        "read_csv('/etc/passwd')", "read_blob('x')", "glob('*')", "getenv('HOME')", "current_setting('x')", "query('SELECT 1')",
        "query_table('x')", "nextval('x')", "random()", "now()", "current_date", "uuid()", "sum(Quantity)", "count(*)",
        "row_number() OVER ()", "*", "COLUMNS('x')", "Quantity; DROP TABLE raw", "Quantity) FROM raw; --", "COPY raw TO 'x'",
        "ATTACH 'x'", "INSTALL httpfs", "Quantity AS x", "list_transform([1], x -> x)", "$1", "?", "",
        "write_log('x')", "getvariable('x')", "Quantity COLLATE x",
    ],
)  # fmt: skip
def test_anything_but_one_harmless_scalar_expression_is_refused_before_duckdb_sees_it(text: str):
    with pytest.raises(ConfigurationError, match="cannot be used"):
        bound(text)


@pytest.mark.parametrize(
    "text",
    [
        "InvoiceNo", "Customer ID", '"Customer ID"', "Quantity * UnitPrice", "InvoiceNo || '-' || _occurrence", "upper(trim(InvoiceNo))",
        "CASE WHEN InvoiceNo LIKE 'C%' THEN 'credit' ELSE 'usage' END", "coalesce(nullif(InvoiceNo, ''), _file)",
        "from_minor(Quantity, 'JPY')", "from_epoch(day)", "day::DATE + INTERVAL 1 DAY", "regexp_extract(InvoiceNo, '[0-9]+')",
        "split_part(InvoiceNo, '-', 1)", "Quantity IN (1, 2)", "date_trunc('month', CAST(day AS DATE))", "'GBP'", "1",
        "json_extract_string(InvoiceNo, '$.a')", "if(Quantity > 0, 'x', 'y')", "md5(concat_ws('|', InvoiceNo, _row))",
    ],
)  # fmt: skip
def test_calculations_over_the_files_columns_are_allowed(text: str):
    assert bound(text).missing == ()


def test_a_division_is_exact_or_refused():
    assert "0.01" in bound("UnitPrice / 100").sql
    with pytest.raises(ConfigurationError, match="exact only"):
        bound("UnitPrice / 3")
    with pytest.raises(ConfigurationError, match="exact only"):
        bound("UnitPrice / Quantity")


def test_columns_the_file_lacks_are_named():
    assert bound("Quantity * Price").missing == ("Price",)


def test_a_name_with_dots_is_a_place_inside_a_column_and_never_a_table():
    expression = bind_expression('data.tokens + "data.more" * a.b.c.d.e.f', ["data.tokens", "data.more", "a.b.c.d.e.f"], {}, "x")
    assert expression.parts == {"n0", "n1", "n2"} and expression.missing == ()
    assert bound("raw.Quantity").missing == ("raw.Quantity",)


def test_a_column_in_a_calculation_is_read_as_a_number_and_in_a_text_as_it_stands():
    expression = bound("InvoiceNo || Quantity || CASE WHEN Quantity * 2 > 1 THEN 'x' END")
    assert expression.parts == {"s0", "s1", "n1"}
