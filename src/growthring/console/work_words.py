"""What long work is called: what it computes, and what it is at. Messages of the catalogue."""

from collections.abc import Mapping

STAGES: Mapping[str, str] = {
    "starting": "starting",
    "accounts": "accounts",
    "backtest": "backtest",
    "commitments to come": "commitments to come",
    "comparing bills": "comparing bills",
    "event files": "files of events",
    "event months": "months of events",
    "history": "history",
    "merging rows": "merging rows",
    "metering usage": "metering usage",
    "movement ledger": "movement ledger",
    "numbers of this page": "numbers of this page",
    "opening rated history": "opening rated history",
    "ranges": "ranges",
    "rating": "rating usage, month by month",
    "rating history under the new prices": "rating history under the new prices",
    "reading files": "reading files",
    "reading invoices": "reading invoices",
    "reading rated usage": "reading rated usage",
    "recurring revenue": "recurring revenue",
    "run rate": "run rate",
    "spikes": "spikes",
    "usage to come": "usage to come",
}
"""What long work is at."""

WORKS: Mapping[str, str] = {
    "account forecast": "Forecast of a customer",
    "backtest": "Backtest",
    "burn down forecast": "Commitments of a customer, looked ahead",
    "close": "Close of a month",
    "customers": "Customers behind a figure",
    "explained difference": "Bridge of two forecasts",
    "groups": "Figures by group",
    "open questions": "Changes of usage that want a reason",
    "override scores": "Whose word came true",
    "policy bridge": "Bridge of two policies",
    "prepare": "Books under another policy or currency",
    "publication": "Publication of a forecast",
    "review usage": "One-offs and run-rate",
    "simulate prices": "Other prices tried",
    "whole forecast": "Forecast",
}
"""What long work computes."""


def called(title: str) -> str:
    """Return the message that names what work computes: long work by its own name, quick work by what it is for."""
    return WORKS.get(title, STAGES["numbers of this page"])
