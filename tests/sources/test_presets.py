# ruff: noqa: E501 (rows of made-up files stand on one line)
from decimal import Decimal

import pytest

from growthring.kernel.errors import ConfigurationError
from growthring.sources.config import SourceConfig
from growthring.sources.presets import load_presets, recognise

from .conftest import Reader

LINES = """\
id,unique_id,invoice_id,customer_id,invoice_created_at,amount,currency,livemode,period_start,period_end,price_id,proration,quantity,subscription_id,subscription_item_id,type
il_1,ul_1,in_1,cus_1,2025-01-05 10:00:00,4900,usd,true,2025-01-05 10:00:00,2025-02-05 10:00:00,price_a,false,1,sub_1,si_1,subscription
il_2,,in_2,cus_2,2025-01-06 10:00:00,4900,jpy,true,2025-01-06 10:00:00,2025-02-06 10:00:00,price_a,false,1,sub_2,si_2,subscription
il_3,ul_3,in_3,cus_3,2025-01-06 10:00:00,1234,kwd,true,2025-01-06 10:00:00,2025-01-06 10:00:00,price_b,false,1,,,invoiceitem
il_4,ul_4,in_4,cus_4,2025-01-06 10:00:00,100,usd,false,2025-01-06 10:00:00,2025-01-06 10:00:00,price_b,false,1,,,invoiceitem
"""
ENHANCED = """\
header_id,line_item_id,line_item_index,record_type,created_at,header_status,currency,product_id,product_name,product_type,billing_type,quantity,unit_amount,discount_amount,tax_amount,total_amount,payment_at,subscription_id,subscription_period_started_at,subscription_period_ended_at,customer_id
in_1,il_1,1,line_item,2025-01-05 10:00:00,paid,jpy,prod_a,A,service,subscription,2,500,,,1000,2025-01-06 00:00:00,sub_1,2025-01-05,2025-02-05,cus_1
in_1,,,header,2025-01-05 10:00:00,paid,jpy,,,,,2,,,,1000,,sub_1,2025-01-05,2025-02-05,cus_1
in_2,il_2,1,line_item,2025-01-05 10:00:00,void,usd,prod_a,A,service,subscription,2,500,,,1000,,sub_1,2025-01-05,2025-02-05,cus_1
in_3,il_3,1,line_item,2025-01-05 10:00:00,open,usd,prod_b,B,good,invoiceitem,1,999,,,999,,,,,cus_2
"""


def run(reader: Reader, preset: str, text: str) -> None:
    reader.write("raw/a.csv", text)
    reader.run(SourceConfig(name="stripe", table=load_presets()[preset].table, files=("raw/a.csv",), preset=preset))


def test_stripe_invoice_lines_are_major_units_by_currency_and_test_mode_is_left_out(reader: Reader):
    run(reader, "fivetran_stripe_invoice_line", LINES)
    assert reader.rows("invoice_line", "invoice_line_id, amount, currency, kind, CAST(period_end AS VARCHAR)") == [
        ("il_2", Decimal(4900), "JPY", "recurring", "2025-02-06"),
        ("ul_1", Decimal(49), "USD", "recurring", "2025-02-05"),
        ("ul_3", Decimal("1.234"), "KWD", "one_off", None),
    ]
    assert reader.problems("code, amount") == [("NOT_LIVE", Decimal(1))]
    assert reader.counts() == (4, 3, 0, 1)


def test_stripe_customers_become_accounts_with_attributes(reader: Reader):
    header = "id,name,description,email,invoice_prefix,delinquent,address_country,address_city,currency,livemode,created\n"
    run(reader, "fivetran_stripe_customer", header + "cus_1,,,a@b.c,X,false,DE,Berlin,eur,true,2024-03-01 12:00:00\n")
    assert reader.rows("account", "account_id, name, CAST(known_at AS VARCHAR)") == [("cus_1", "a@b.c", "2024-03-01 12:00:00")]
    assert reader.rows("account_attribute", "attribute, value") == [
        ("billing_currency", "EUR"),
        ("city", "Berlin"),
        ("country", "DE"),
    ]


def test_stripe_subscriptions_become_contracts_and_old_versions_are_left_out(reader: Reader):
    header = "id,customer_id,billing_cycle_anchor,cancel_at_period_end,created,start_date,ended_at,cancel_at,canceled_at,status,livemode,_fivetran_active\n"
    lines = [
        "sub_1,cus_1,,false,2024-01-01,2024-01-02,2024-06-01,,2024-05-20,canceled,true,true",
        "sub_1,cus_1,,false,2024-01-01,2024-01-02,,,,active,true,false",
        "sub_2,cus_1,,false,2024-01-01,2024-01-02,,,,incomplete_expired,true,true",
    ]
    run(reader, "fivetran_stripe_subscription", header + "\n".join(lines))
    dates = ", ".join(
        f"CAST({name} AS VARCHAR)" for name in ("signed_on", "starts_on", "ends_on", "cancel_requested_on", "cancelled_on")
    )
    assert reader.rows("contract", f"contract_id, {dates}") == [
        ("sub_1", "2024-01-01", "2024-01-02", "2024-06-01", "2024-05-20", "2024-06-01")
    ]
    assert reader.problems("code") == [("NEVER_STARTED",), ("OLD_VERSION",)]


def test_stripe_subscription_items_become_contract_lines_of_the_whole_quantity(reader: Reader):
    header = "id,subscription_id,plan_id,customer_id,start_date,quantity,unit_amount,currency,recurring_interval,recurring_interval_count,product_id\n"
    run(reader, "fivetran_stripe_subscription_item", header + "si_1,sub_1,p_1,cus_1,2024-01-02,3,1000,isk,month,1,prod_a\n")
    assert reader.rows("contract_line", "amount, currency, billing_interval, kind") == [
        (Decimal(30), "ISK", "month", "recurring")
    ]


def test_line_item_enhanced_counts_lines_and_not_headers_in_minor_units_for_stripe(reader: Reader):
    run(reader, "fivetran_stripe_line_item_enhanced", ENHANCED)
    assert reader.rows("invoice_line", "invoice_line_id, amount, currency, kind") == [
        ("in_1-il_1", Decimal(1000), "JPY", "recurring"),
        ("in_3-il_3", Decimal("9.99"), "USD", "one_off"),
    ]
    assert reader.problems("code") == [("HEADER_ROW",), ("NOT_AN_INVOICE",)]


def test_line_item_enhanced_of_other_systems_is_in_major_units(reader: Reader):
    run(reader, "fivetran_line_item_enhanced", ENHANCED)
    assert reader.rows("invoice_line", "amount") == [(Decimal(999),), (Decimal(1000),)]


def test_products_and_prices_become_products(reader: Reader):
    run(reader, "fivetran_stripe_product", "id,name,type,statement_descriptor,unit_label,livemode\nprod_a,A,service,,seat,true\n")
    assert reader.rows("product", "product_id, family, quantity_kind") == [("prod_a", "service", "seat")]
    run(
        reader,
        "fivetran_stripe_price",
        "id,product_id,billing_scheme,nickname,recurring_usage_type\nprice_a,prod_a,per_unit,,metered\n",
    )
    assert reader.rows("product", "product_id, name, family, quantity_kind") == [("price_a", "price_a", "prod_a", "usage")]


def test_a_raw_line_table_without_the_invoices_columns_is_an_error_that_names_the_customer(reader: Reader):
    with pytest.raises(ConfigurationError, match="customer_id"):
        run(reader, "fivetran_stripe_invoice_line", LINES.replace("customer_id", "nobody"))


def test_what_a_source_says_itself_goes_before_its_preset(reader: Reader):
    reader.write("raw/a.csv", LINES)
    reader.run(
        SourceConfig(
            name="s", table="invoice_line", files=("raw/a.csv",), preset="fivetran_stripe_invoice_line", columns={"kind": "'fee'"}
        )
    )
    assert reader.rows("invoice_line", "DISTINCT kind") == [("fee",)]


@pytest.mark.parametrize("name", sorted(load_presets()))
def test_a_preset_says_what_it_maps_and_is_recognised_by_its_own_columns(name: str):
    preset = load_presets()[name]
    assert "Inferred" in preset.says
    found = recognise(preset.recognised_by)
    assert found is not None and found.recognised_by == preset.recognised_by
