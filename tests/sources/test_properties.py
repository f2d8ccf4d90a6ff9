import csv
import io
import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .conftest import HEADER, Reader, invoices

SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

good_row = st.tuples(
    st.integers(1, 12).map(lambda n: f"L{n}"),
    st.sampled_from(["I1", "I2"]),
    st.sampled_from(["C1", "C2", ""]),
    st.sampled_from(["2011-11-30", "2011-12-01", "2012-01-15", "soon"]),
    st.sampled_from(["USD", "usd", "JPY"]),
    st.sampled_from(["1", "2", "x"]),
    st.sampled_from(["1.5", "0.125", "-3"]),
)
garbage = st.one_of(
    st.text(max_size=30),
    st.lists(st.text(max_size=8), min_size=1, max_size=9).map(",".join),
    good_row.map(",".join),
)


def as_csv(rows) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return HEADER + out.getvalue()


def outcome(files: list[str]):
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(Path(folder))
        for index, text in enumerate(files):
            reader.write(f"raw/{index}.csv", text)
        reader.run(invoices())
        columns = "invoice_line_id, invoice_id, account_id, issued_on, currency, quantity, amount, list_amount, known_at"
        return reader.rows("invoice_line", columns), reader.counts()


@SETTINGS
@given(rows=st.lists(good_row, max_size=25), seed=st.randoms(use_true_random=False), pieces=st.integers(1, 4))
def test_row_order_duplicates_and_file_splits_do_not_change_the_rows(rows, seed: random.Random, pieces: int):
    expected, (read, *_) = outcome([as_csv(rows)])
    shuffled = [*rows, *seed.sample(rows, k=len(rows) // 2)]
    seed.shuffle(shuffled)
    found, (read_again, *_) = outcome([as_csv(shuffled[piece::pieces]) for piece in range(pieces)])
    assert found == expected
    assert (read, read_again) == (len(rows), len(shuffled))


@SETTINGS
@given(lines=st.lists(garbage, max_size=15))
def test_accepted_corrected_and_rejected_add_up_to_read_for_any_garbage(lines: list[str]):
    _, (read, accepted, corrected, rejected) = outcome([HEADER + "\n".join(lines)])
    assert read == accepted + corrected + rejected
    assert read <= sum(len((line or " ").splitlines()) + 1 for line in lines)


@SETTINGS
@given(content=st.binary(max_size=200), suffix=st.sampled_from(["csv", "csv.gz", "jsonl", "json", "json.gz", "parquet", "xlsx"]))
@example(content=b"\x00", suffix="csv")
def test_no_bytes_whatever_lead_to_anything_but_counted_rows_or_a_clear_error(content: bytes, suffix: str):
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(Path(folder))
        reader.write(f"raw/x.{suffix}", content)
        reader.write("raw/good.csv", HEADER + "L1,I,C,2011-11-30,USD,1,1\n")
        reader.run(invoices(("raw/*",)))
        assert reader.rows("invoice_line", "invoice_line_id") == [("L1",)]
