"""Adverse selection: what is paid when every customer takes the cheapest plan (PR-08)."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from growthring.pricing.simulation.kernel import Whole
from growthring.pricing.simulation.outcome import changes, money, summed
from growthring.pricing.simulation.rerating import Cells
from growthring.pricing.simulation.result import Choice, PlanChoice

Per = Literal["period", "whole"]


def choose(cells: Cells, plans: Mapping[str, Whole], per: Per) -> Choice:
    """Let every account take the plan on which it pays least; the first among equals.

    Args:
        cells: The months of accounts.
        plans: What each plan asks for, in ten-thousandths by cell, the baseline first.
        per: Choose for every month, or once for the whole time.
    """
    names = list(plans)
    offers = np.array(list(plans.values()))
    if per == "whole":
        _, buyers = np.unique(cells.accounts * len(cells.currency_names) + cells.currencies, return_inverse=True)
        totals = np.zeros((len(names), int(buyers.max(initial=-1)) + 1), dtype=np.int64)
        for row, amounts in zip(totals, offers, strict=True):
            np.add.at(row, buyers, amounts)
        chosen_by = totals.argmin(axis=0)
        chosen = chosen_by[buyers]
        first_cells = np.unique(buyers, return_index=True)[1]
        currency_of = cells.currencies[first_cells]
    else:
        chosen = chosen_by = offers.argmin(axis=0)
        currency_of = cells.currencies
    paid = np.take_along_axis(offers, chosen[np.newaxis], axis=0)[0]
    rows = []
    for place, name in enumerate(names):
        for at, code in enumerate(cells.currency_names):
            mine = cells.currencies == at
            everyone, after_choice = int(offers[place][mine].sum()), int(paid[mine].sum())
            rows.append(
                PlanChoice(
                    name, code, int(((chosen_by == place) & (currency_of == at)).sum()),
                    money(int(paid[mine & (chosen == place)].sum()), code), money(everyone, code),
                    money(everyone - after_choice, code),
                )
            )  # fmt: skip
    accounts = changes(cells, summed(cells, paid, cells.accounts), lambda key: cells.account_names[int(key)])
    return Choice(per, tuple(rows), accounts)
