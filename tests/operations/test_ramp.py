"""The lag of signatures in the sample company is what its contracts say, and nothing signed later is seen."""

import csv
from datetime import date, datetime

import numpy as np
import pytest

from growthring.kernel.errors import UnknownValueError
from growthring.operations.plans.ramp import ramp
from growthring.operations.project import Project


def test_the_median_from_signature_to_start_is_that_of_the_raw_contracts(ringwood: Project):
    first: dict[str, tuple[str, int]] = {}
    with (ringwood.root / "raw" / "contracts.csv").open() as stream:
        for row in csv.DictReader(stream):
            days = (date.fromisoformat(row["starts_on"]) - date.fromisoformat(row["signed_on"])).days
            if not row["renews_contract_id"] and (
                row["account_id"] not in first or row["signed_on"] < first[row["account_id"]][0]
            ):
                first[row["account_id"]] = (row["signed_on"], days)
    answer = ramp(ringwood)
    pooled = next(row for row in answer.rows if row.get("stage") == "signed to live" and row["segment"] == "all")
    assert pooled["signed"] == len(first)
    assert pooled["median_days"] == pytest.approx(np.median([days for _, days in first.values()]), abs=1)
    counted = [row for row in answer.rows if row.get("stage") == "signed to live" and row["segment"] != "all"]
    assert sum(row["signed"] for row in counted) == pooled["signed"]


def test_an_earlier_look_sees_only_what_was_signed_by_then(ringwood: Project):
    then = ramp(ringwood, as_of=datetime(2022, 10, 31, 23, 59, 59))
    now = ramp(ringwood)
    signed = [next(row["signed"] for row in each.rows if row["segment"] == "all") for each in (then, now)]
    assert 0 < signed[0] < signed[1]
    assert any(row["kind"] == "expected" and row["month"] == "2022-11" for row in then.rows)


def test_an_attribute_nobody_has_is_refused(ringwood: Project):
    with pytest.raises(UnknownValueError, match="segment"):
        ramp(ringwood, by="shoe_size")
