from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.kernel.errors import ConfigurationError
from growthring.operations.project import Project
from growthring.operations.reading import read
from growthring.operations.revenue.compare import _effects, _stage, compare, policy_path
from growthring.operations.revenue.show import View, show
from growthring.revenue.evaluation import Question
from growthring.revenue.metrics import metric
from growthring.revenue.policy import preset, preset_names
from tests.operations.books import Books
from tests.strategies import SOME, policies


@pytest.mark.parametrize("pair", [("standard", "lazy_bridge"), ("chartmogul", "figma"), ("maxio", "snowflake")])
def test_the_rows_of_a_bridge_sum_to_the_gap_of_two_presets(ringwood: Project, pair: tuple[str, str]):
    first, second = pair
    view = View(at="2023-06")
    money = compare(ringwood, "mrr", first, second, view, top=0)
    assert sum(Decimal(row["effect"]) for row in money.rows) == Decimal(money.value)
    ends = [Decimal(show(ringwood, "mrr", view, policy=name).value) for name in pair]
    assert Decimal(money.value).quantize(Decimal("0.01")) == pytest.approx(ends[1] - ends[0], abs=Decimal("0.011"))
    if second == "snowflake":
        return  # its NDR needs two years
    ratio = compare(ringwood, "ndr", first, second, view, top=3)
    assert sum(row["effect"] for row in ratio.rows) == pytest.approx(ratio.value, abs=1e-12)
    ends = [show(ringwood, "ndr", view, policy=name).value for name in pair]
    assert ratio.value == pytest.approx(ends[1] - ends[0], abs=1e-9)


@pytest.fixture(scope="module")
def shaped(tmp_path_factory: pytest.TempPathFactory) -> Project:
    books = Books(tmp_path_factory.mktemp("compare") / "brook", project='data_through = "2024-03-31"')
    books.steady("2023-01", "2024-03", {"anna": 100, "bert": "50.50", "cleo": 7})
    books.lines("2024-03", [("a", "anna", 130), ("b", "bert", 20), ("u", "dora", 40, {"kind": "usage", "product": "api"})])
    books.lines("2023-03", [("y", "anna", 999, {"to": "2024-03-03"}), ("w", "bert", 7, {"to": "2023-03-08"})], name="odd")
    books.run()
    return books.open()


@settings(SOME, max_examples=5)
@given(second=st.one_of(policies(), st.sampled_from(preset_names()).map(preset)), name=st.sampled_from(["mrr", "ndr", "grr"]))
def test_the_effects_of_every_switch_sum_exactly_to_the_gap(shaped: Project, second, name: str):
    wanted, view = metric(name), View(at="2024-03")
    month = shaped.calendar.parse("2024-03")[1]
    try:
        stages = [
            _stage(read(shaped, policy=policy, metric=wanted), Question(wanted, (month,)), switches, view)
            for switches, policy in policy_path(preset("standard"), second)
        ]
    except ConfigurationError as undefined:
        assert "undefined, because" in str(undefined)
        return
    effects = [sum(_effects(before, after, wanted).values(), Fraction(0)) for before, after in pairwise(stages)]
    assert sum(effects, Fraction(0)) == stages[-1].value - stages[0].value
    shown = show(shaped, name, view, policy=None)
    assert float(stages[0].value) == pytest.approx(float(shown.value), abs=0.005)


@given(first=policies(), second=policies())
def test_the_way_between_two_policies_ends_at_the_second(first, second):
    path = policy_path(first, second)
    assert path[0][1] == first
    assert path[-1][1].switches == second.switches


def test_a_figure_that_does_not_add_up_over_customers_is_refused(shaped: Project):
    with pytest.raises(ConfigurationError, match="does not add up"):
        compare(shaped, "hhi", "standard", "lazy_bridge", View(at="2024-03"))


def test_a_policy_compared_with_itself_has_no_rows(shaped: Project):
    answer = compare(shaped, "ndr", "standard", "standard", View(at="2024-03"))
    assert (answer.value, answer.rows) == (0.0, [])
