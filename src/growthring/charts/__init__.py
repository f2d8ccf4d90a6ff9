"""Charts as Vega-Lite specifications: plain data for pages, notebooks and exports."""

from growthring.charts.bars import bars, histogram
from growthring.charts.chart import Axis, Chart, Labels, trust_charts
from growthring.charts.fan import fan
from growthring.charts.heatmap import heatmap
from growthring.charts.lines import lines
from growthring.charts.theme import CONFIG, TOKENS, painted, stylesheet
from growthring.charts.waterfall import waterfall

__all__ = [
    "CONFIG",
    "TOKENS",
    "Axis",
    "Chart",
    "Labels",
    "bars",
    "fan",
    "heatmap",
    "histogram",
    "lines",
    "painted",
    "stylesheet",
    "trust_charts",
    "waterfall",
]
