"""Stored rating leaves the same bytes whichever engine computed them: levels, single records, corrections and fees included."""

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from growthring.engine.snapshot import Snapshot
from growthring.engine.store import Store
from growthring.pricing.book import PriceBook
from growthring.pricing.engine_rating import RatingEngine, SparkEngine, open_rating_engine, read_tables
from growthring.pricing.metering.chain import metering_chain
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import compile_books
from growthring.pricing.stored_rating import PricingTerms, Rating, open_rating
from growthring.sources.config import SourceConfig
from growthring.sources.ingestion import ingest

BOOK = PriceBook.model_validate(
    {
        "name": "brook",
        "currency": "USD",
        "meters": [
            {"id": "calls", "rounding": {"mode": "ceiling"}, "dimensions": ["region"]},
            {"id": "paid", "per_event": True},
            {"id": "seats", "aggregation": "unique", "recurring": True, "prorated": True},
        ],
        "versions": [
            {
                "effective_from": "2023-01-01",
                "components": [
                    {"id": "fee", "price": {"model": "flat", "amount": "9.99"}},
                    {"id": "calls", "meter": "calls", "adjustments": [{"kind": "minimum", "amount": "1"}],
                        "price": {"model": "graduated", "tiers": [{"up_to": 5, "unit_price": "0.3333"}, {"unit_price": "0.1"}]}},
                    {"id": "paid", "meter": "paid",
                        "price": {"model": "percentage", "rate": "2.9", "free_events": 1, "minimum_per_event": "0.05"}},
                    {"id": "seats", "meter": "seats", "price": {"model": "per_unit", "unit_price": "7.77"}},
                ],
            }
        ],
        "assign": [{"accounts": ["A1", "A2"]}],
    }
)  # fmt: skip
TERMS = PricingTerms((BOOK,), (), "Europe/Berlin", datetime(9999, 12, 31), date(2024, 5, 31))
USAGE = """\
usage_id,account_id,meter,used_at,quantity,unique_key,operation,dimensions,known_at
u1,A1,calls,2024-05-03T10:00:00,4.2,,,region=eu,2024-05-03T10:00:00
u2,A1,calls,2024-05-31T21:59:59,3.123456,,,,2024-05-31T22:00:00
u3,A2,calls,2024-05-31T22:00:00,9,,,,2024-05-31T22:00:00
u4,A2,paid,2024-05-07T10:00:00,100,,,,2024-05-07T10:00:00
u5,A2,paid,2024-05-08T10:00:00,0.5,,,,2024-05-08T10:00:00
u6,A1,seats,2024-05-11T10:00:00,1,kim,add,,2024-05-11T10:00:00
u7,A1,seats,2024-05-21T10:00:00,1,kim,remove,,2024-05-21T10:00:00
u8,A1,seats,2024-05-12T10:00:00,1,lee,add,,2024-05-12T10:00:00
"""
CORRECTIONS = """\
correction_id,action,usage_id,quantity,known_at
c1,amend,u4,200,2024-06-01T00:00:00
c2,withdraw,u8,,2024-06-01T00:00:00
"""


@pytest.fixture
def read(tmp_path: Path) -> tuple[Store, Snapshot]:
    """Return usage with corrections, read into a store."""
    (tmp_path / "usage.csv").write_text(USAGE)
    (tmp_path / "corrections.csv").write_text(CORRECTIONS)
    sources = [
        SourceConfig(name="usage", table="usage", files=("usage.csv",)),
        SourceConfig(name="corrections", table="usage_correction", files=("corrections.csv",)),
    ]
    store = Store(tmp_path / "store")
    return store, ingest(tmp_path, sources, store)


def rated(read: tuple[Store, Snapshot], engine: RatingEngine | None = None) -> tuple[Rating, dict[str, bytes]]:
    store, snapshot = read
    rating = open_rating(store, snapshot, TERMS, engine=engine)
    rating.connection.close()
    root = store.root / "objects"
    return rating, {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_chain_reads_the_small_tables_and_the_canonical_ones():
    assert {"usage", "usage_correction", "subscription", "billing_period", "meter_definition"} <= set(
        read_tables(metering_chain(BOOK.meters, has_corrections=True))
    )
    later = rating_chain(compile_books([BOOK]).shape)[1:]
    assert {"billed_period", "metered", "metered_event", "component", "rate_tier"} <= set(read_tables(later))
    assert not {"bill", "rated_line", "line"} & set(read_tables(later))


def test_rating_again_rates_nothing(read: tuple[Store, Snapshot]):
    first, files = rated(read)
    assert first.rated_periods > 0
    second, same = rated(read, open_rating_engine("duckdb"))
    assert (second.rated_periods, same) == (0, files)


@pytest.mark.engine("spark")
def test_spark_leaves_the_bytes_that_duckdb_leaves(read: tuple[Store, Snapshot], spark: Any):
    store, _ = read
    kept = store.root.with_name("kept")
    shutil.copytree(store.root, kept)
    first, expected = rated(read)
    assert any("metered_change" in name for name in expected)
    assert any("metered_event" in name for name in expected)
    shutil.rmtree(store.root)
    kept.rename(store.root)
    engine = SparkEngine(spark)
    second, found = rated(read, engine)
    engine.close()
    assert second.rated_periods == first.rated_periods
    assert found == expected
