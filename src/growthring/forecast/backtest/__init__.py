"""Rolling-origin backtests: protocol, replay, losses and figures."""

from growthring.forecast.backtest.protocol import (
    Absence,
    Protocol,
    by_segment,
    by_size_and_tenure,
    last_origins,
)
from growthring.forecast.backtest.replay import Backtest, backtest
from growthring.forecast.backtest.tally import Tally, figures

__all__ = [
    "Absence",
    "Backtest",
    "Protocol",
    "Tally",
    "backtest",
    "by_segment",
    "by_size_and_tenure",
    "figures",
    "last_origins",
]
