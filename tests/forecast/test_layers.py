from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.forecast.layers import ALL, Folded, Layer, Method, fold, standing
from growthring.forecast.named_accounts import with_named_accounts
from growthring.forecast.panel import Panel
from growthring.forecast.sharing import PER_ONE, share
from growthring.journal.forecast_entries import Expiry, Override, OverrideLayer
from growthring.kernel.errors import GrowthringError
from tests.forecast.overridden import ORIGIN, RECORDED, override, panel_of

HORIZON = 6


@pytest.fixture
def panel() -> Panel:
    return panel_of(
        np.ones((4, 12)),
        accounts=["acme", "acme", "beta", "gamma"],
        series=["etl", "api", "etl", "etl"],
        segment=["smb", "smb", "smb", "enterprise"],
    )


@pytest.fixture
def point() -> np.ndarray:
    return np.outer([100.0, 300.0, 50.0, 1000.0], np.ones(HORIZON))


def total(folded: Folded) -> np.ndarray:
    return sum(folded.units.values())


def test_an_amount_for_an_account_is_shared_over_its_series_by_what_they_stand_at(panel: Panel, point: np.ndarray) -> None:
    folded = fold(point, panel, [override(Method.ADD, "80", account_id="acme", first_month=ORIGIN + 3)])
    assert folded.final[:, 1].tolist() == [100, 300, 50, 1000]
    assert folded.final[:, 2].tolist() == [120, 360, 50, 1000]
    assert folded.effect(Layer.REP)[:, 5].tolist() == [20, 60, 0, 0]


def test_an_override_of_one_series_leaves_the_others(panel: Panel, point: np.ndarray) -> None:
    folded = fold(point, panel, [override(Method.REPLACE, "7", account_id="acme", series="api", last_month=ORIGIN + 2)])
    assert folded.final[:, 1].tolist() == [100, 7, 50, 1000]
    assert folded.final[:, 2].tolist() == [100, 300, 50, 1000]


def test_an_override_of_a_group_changes_its_sum_by_exactly_its_amount(panel: Panel, point: np.ndarray) -> None:
    added = fold(point, panel, [override(Method.ADD, "0.1", attribute="segment", value="smb")])
    assert (total(added)[:3].sum(axis=0) == 450 * PER_ONE + 1000).all()
    replaced = fold(point, panel, [override(Method.REPLACE, "1000.0001")])
    assert (total(replaced).sum(axis=0) == 10000001).all()
    multiplied = fold(point, panel, [override(Method.MULTIPLY, "1.1", attribute="segment", value="enterprise")])
    assert multiplied.final[:, 0].tolist() == [100, 300, 50, 1100]


def test_where_nothing_stands_an_amount_is_shared_equally_among_the_customers_of_today(panel: Panel) -> None:
    cells = panel.cells.copy()
    cells[3, -1] = 4
    folded = fold(np.zeros((4, HORIZON)), replace(panel, cells=cells), [override(Method.ADD, "90")])
    assert folded.final[:, 0].tolist() == [30, 30, 30, 0]


METHODS = st.sampled_from(list(Method))
SCOPES = st.sampled_from([{}, {"account_id": "acme"}, {"account_id": "beta"}, {"attribute": "segment", "value": "smb"}])


@st.composite
def entries(draw: st.DrawFn) -> list[Override]:
    found = []
    for number in range(draw(st.integers(1, 6))):
        method = draw(METHODS)
        low = 0 if method == Method.MULTIPLY else -5000
        high = 9 if method == Method.MULTIPLY else 5000
        amount = draw(st.decimals(low, high, places=4, allow_nan=False))
        start = draw(st.integers(1, HORIZON))
        found.append(
            override(
                method,
                str(amount),
                override_id=number,
                layer=draw(st.sampled_from(list(OverrideLayer))),
                first_month=ORIGIN + start,
                last_month=draw(st.sampled_from([None, ORIGIN + start])),
                confidence=draw(st.floats(0, 1)),
                recorded_at=RECORDED + timedelta(hours=number),
                **draw(SCOPES),
            )
        )
    return found


@given(entries(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_effects_add_up_to_the_forecast_to_the_last_digit_and_nothing_falls_below_zero(given: list[Override], sure: bool) -> None:
    panel = panel_of(np.ones((4, 12)), accounts=["acme", "acme", "beta", "gamma"], segment=["smb", "smb", "smb", "enterprise"])
    point = np.outer([100.0, 1 / 3, 0.0, 1000.0], np.ones(HORIZON))
    folded = fold(point, panel, given, by_confidence=sure)
    assert (total(folded) == np.rint(folded.final * PER_ONE)).all()
    assert (total(folded) >= 0).all()
    for row in folded.applied:
        if not row.remark and row.entry.method == Method.ADD and not sure:
            assert np.allclose(row.after - row.before, float(row.entry.amount), atol=1e-9)
    assert np.isclose(sum(each.change for each in folded.applied), (folded.final - folded.base).sum(), atol=1e-6)


@given(entries(), st.sampled_from(ALL[1:]))
@settings(max_examples=50, deadline=None)
def test_a_layer_switched_off_is_as_if_nobody_had_written_in_it_and_on_again_leaves_the_same_bytes(
    given: list[Override], layer: Layer
) -> None:
    panel = panel_of(np.ones((4, 12)), accounts=["acme", "acme", "beta", "gamma"], segment=["smb", "smb", "smb", "enterprise"])
    point = np.outer([100.0, 1 / 3, 0.0, 1000.0], np.ones(HORIZON))
    before = fold(point, panel, given)
    off = fold(point, panel, given, on=[each for each in ALL if each != layer])
    without = fold(point, panel, [each for each in given if each.layer != layer])
    assert off.final.tobytes() == without.final.tobytes()
    assert fold(point, panel, given).final.tobytes() == before.final.tobytes()


def test_the_order_of_folding_is_that_of_layers_and_then_of_time_whatever_the_order_given(
    panel: Panel, point: np.ndarray
) -> None:
    given = [
        override(Method.REPLACE, "500", override_id=1, account_id="gamma", layer=OverrideLayer.MANAGER),
        override(Method.ADD, "200", override_id=2, account_id="gamma", recorded_at=RECORDED + timedelta(days=1)),
        override(Method.MULTIPLY, "2", override_id=3, account_id="gamma", recorded_at=RECORDED + timedelta(days=2)),
    ]
    for order in permutations(given):
        folded = fold(point, panel, order)
        assert [each.entry.override_id for each in folded.applied] == [2, 3, 1]
        assert [each.after[0] for each in folded.applied] == [1200, 2400, 500]


def test_what_follows_from_contracts_comes_before_people(panel: Panel, point: np.ndarray) -> None:
    floor = np.zeros_like(point)
    floor[2] = 150
    folded = fold(point, panel, [override(Method.MULTIPLY, "2", account_id="beta")], computed={Layer.COMMITMENT: floor})
    assert folded.base[2, 0] == 200
    assert folded.final[2, 0] == 400


def test_confidence_shrinks_an_effect_only_when_asked(panel: Panel, point: np.ndarray) -> None:
    given = [override(method, amount, account_id="beta") for method, amount in ((Method.ADD, "100"),)]
    assert fold(point, panel, given).final[2, 0] == 150
    assert fold(point, panel, given, by_confidence=True).final[2, 0] == 100
    doubled = [override(Method.MULTIPLY, "2", account_id="beta")]
    assert fold(point, panel, doubled, by_confidence=True).final[2, 0] == 75
    replaced = [override(Method.REPLACE, "0", account_id="beta")]
    assert fold(point, panel, replaced, by_confidence=True).final[2, 0] == 25
    assert fold(point, panel, replaced, by_confidence=True, weights={1: 0.5}).final[2, 0] == 37.5


def test_taking_away_more_than_there_is_leaves_nothing_and_is_said(panel: Panel, point: np.ndarray) -> None:
    folded = fold(point, panel, [override(Method.ADD, "-120", account_id="beta")])
    assert folded.final[2].tolist() == [0] * HORIZON
    assert "takes away more than there is" in folded.applied[0].remark
    negative = panel_of(np.where(np.eye(4, 12) > 0, -1.0, 1.0), accounts=list(panel.accounts))
    assert fold(point, negative, [override(Method.ADD, "-120", account_id="beta")]).final[2, 0] == -70


@pytest.mark.parametrize(
    ("changed", "remark"),
    [
        ({"account_id": "delta"}, "no account delta"),
        ({"account_id": "acme", "series": "chat"}, "acme has no series chat; it has api, etl"),
        ({"attribute": "region", "value": "EU"}, "no attribute region; they have segment"),
        ({"attribute": "segment", "value": "mid"}, "no account has segment=mid; there is enterprise, smb"),
        ({"first_month": ORIGIN - 3, "last_month": ORIGIN}, "outside the forecast"),
        ({"first_month": ORIGIN + 7}, "outside the forecast"),
    ],
)
def test_an_override_that_meets_nothing_is_kept_with_the_reason(
    panel: Panel, point: np.ndarray, changed: dict[str, object], remark: str
) -> None:
    folded = fold(point, panel, [override(Method.ADD, "5", **changed)])
    assert (folded.final == point).all()
    assert remark in folded.applied[0].remark


def test_what_is_added_to_a_product_is_added_to_an_account_that_is_kept_whole(point: np.ndarray) -> None:
    panel = panel_of(np.ones((4, 12)))
    added = fold(point, panel, [override(Method.ADD, "5", account_id="a1", series="etl")])
    assert added.final[1, 0] == 305
    replaced = fold(point, panel, [override(Method.REPLACE, "5", account_id="a1", series="etl")])
    assert replaced.final[1, 0] == 300
    assert "keeps a1 whole" in replaced.applied[0].remark


def test_a_person_may_speak_where_the_model_says_nothing(panel: Panel, point: np.ndarray) -> None:
    point[2] = np.nan
    assert np.isnan(fold(point, panel, []).final[2]).all()
    assert np.isnan(fold(point, panel, [override(Method.MULTIPLY, "2")]).final[2]).all()
    assert fold(point, panel, [override(Method.REPLACE, "0", account_id="beta")]).final[2].tolist() == [0] * HORIZON
    assert fold(point, panel, [override(Method.ADD, "9", account_id="beta")]).final[2].tolist() == [9] * HORIZON


def test_only_overrides_that_count_at_an_instant_stand() -> None:
    now = RECORDED + timedelta(days=10)
    stays = override(Method.ADD, "1")
    later = override(Method.ADD, "1", override_id=2, recorded_at=now + timedelta(seconds=1))
    past = override(Method.ADD, "1", override_id=3, expires_on=date(2026, 1, 6))
    last_day = override(Method.ADD, "1", override_id=4, expires_on=date(2026, 1, 7))
    back = override(Method.ADD, "1", override_id=5, expired_by=Expiry(now, "Kim", "gone"))
    back_later = override(Method.ADD, "1", override_id=6, expired_by=Expiry(now + timedelta(seconds=1), "Kim", "gone"))
    usage = override(Method.ADD, "1", override_id=7, measure="usage:kwh")
    found = standing([usage, back_later, back, last_day, past, later, stays], "revenue", now)
    assert [each.override_id for each in found] == [1, 4, 6]
    assert standing([stays], "revenue", now.replace(tzinfo=None)) == [stays]


def test_an_amount_beyond_what_can_be_published_is_refused(panel: Panel, point: np.ndarray) -> None:
    with pytest.raises(GrowthringError, match="too large"):
        fold(point * 1e14, panel, [])
    for method, amount in ((Method.ADD, "1e16"), (Method.REPLACE, "1e16"), (Method.MULTIPLY, "1e15")):
        with pytest.raises(GrowthringError, match="too large"):
            fold(point, panel, [override(method, amount)])


@given(
    st.lists(st.integers(0, 10**17), min_size=1, max_size=5),
    st.lists(st.floats(0, 1e12), min_size=1, max_size=40),
)
@settings(max_examples=200, deadline=None)
def test_shares_add_up_exactly_and_are_proportional_and_never_negative(totals: list[int], weights: list[float]) -> None:
    column = np.array(weights)[:, np.newaxis] + 1e-9
    parts = share(np.array(totals), np.repeat(column, len(totals), axis=1))
    assert parts.sum(axis=0).tolist() == totals
    assert (parts >= 0).all()
    proportional = np.array(totals) * (column / column.sum(axis=0))
    assert (np.abs(parts - proportional) <= 1 + np.array(totals) * 1e-15 * len(weights)).all()


def test_a_hundred_thousand_rows_fold_in_seconds() -> None:
    rows = 100_000
    values = np.random.default_rng(1).lognormal(3, 2, (rows, 12))
    panel = panel_of(values, segment=["smb", "mid"] * (rows // 2))
    whole = [
        override(Method.ADD, "12345.6789", attribute="segment", value="smb"),
        override(Method.MULTIPLY, "1.02", override_id=2),
    ]
    single = [override(Method.ADD, "5", override_id=3 + each, account_id=f"a{each}") for each in range(2000)]
    folded = fold(values, panel, [*whole, *single])
    assert len(folded.applied) == 2002
    assert (total(folded) == np.rint(folded.final * PER_ONE)).all()


def test_amounts_are_taken_exactly_from_decimals(panel: Panel, point: np.ndarray) -> None:
    folded = fold(point, panel, [override(Method.REPLACE, "70000000000.1234", account_id="beta")])
    assert Decimal(int(total(folded)[2, 0])) / PER_ONE == Decimal("70000000000.1234")


def test_an_account_that_signed_and_has_not_begun_gets_a_row_so_that_its_override_counts(panel: Panel, point: np.ndarray) -> None:
    signed = override(Method.ADD, "700", account_id="delta", series="etl", layer=OverrideLayer.KNOWN_RAMP)
    wider = with_named_accounts(panel, [signed, override(Method.ADD, "1", account_id="acme")], {"segment": {"delta": "smb"}})
    assert wider.accounts.tolist() == ["acme", "acme", "beta", "gamma", "delta"]
    assert wider.attributes["segment"].tolist() == ["smb", "smb", "smb", "enterprise", "smb"]
    assert not wider.alive[4]
    folded = fold(np.vstack([point, np.full((1, HORIZON), np.nan)]), wider, [signed])
    assert folded.final[4].tolist() == [700] * HORIZON
    assert (folded.final[:4] == point).all()
    assert with_named_accounts(panel, [override(Method.ADD, "1")]) is panel
