"""The forecast of one account: the company's forecast is made once, and read for one account after another."""

from collections import OrderedDict

from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.forecast import Asked, Made, layers_on, lines_of_account, make_forecast
from growthring.operations.known_names import KnownNames
from growthring.operations.project import Project

_KEPT = 2
_made: OrderedDict[tuple[str, str, str], Made] = OrderedDict()
"""Forecasts that this process made last; the state of the project is part of the key."""


def account_forecast(
    project: Project, account: str, without: tuple[str, ...] = (), horizon: int = 12, *, progress: Progress = silent
) -> Answer:
    """Answer what an account's recurring revenue will be, month by month, with ranges and the effect of each layer.

    Args:
        project: The project.
        account: The account.
        without: Layers switched off.
        horizon: Months ahead.
        progress: Told about what has to be computed first.

    Raises:
        UnknownValueError: The account is no customer of today.
        GrowthringError: No row names the account.
    """
    KnownNames(project).require_account(account)
    asked = Asked(layers=layers_on(without), horizon=horizon)
    return lines_of_account(_forecast(project, asked, progress), account)


def _forecast(project: Project, asked: Asked, progress: Progress) -> Made:
    key = (str(project.root), project.state_token(), repr(asked))
    if key not in _made:
        _made[key] = make_forecast(project, asked, progress=progress)
        while len(_made) > _KEPT:
            _made.popitem(last=False)
    _made.move_to_end(key)
    return _made[key]
