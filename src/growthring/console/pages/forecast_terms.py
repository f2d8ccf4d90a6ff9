"""Words of the Forecast page: layers, parts of a bridge, models, verdicts, reasons. Messages of the catalogue."""

from collections.abc import Mapping

LAYERS: Mapping[str, str] = {
    "statistical": "Model",
    "commitment": "Commitments",
    "known_ramp": "Known ramps",
    "price_event": "Price events",
    "external_event": "External events",
    "rep": "Sellers",
    "manager": "Managers",
    "topside": "Finance",
    "new customers": "Customers to come",
}
"""Layers of a forecast, in the order in which they are folded."""

PARTS: Mapping[str, str] = {
    "start": "From",
    "override_topside": "Finance's entries",
    "override_manager": "Managers' entries",
    "override_rep": "Sellers' entries",
    "external_event": "External events",
    "known_ramp": "Known ramps",
    "commitments": "Commitments",
    "model_change": "Another model",
    "new_customers": "New customers",
    "restatement": "Restated months",
    "churned": "Customers lost",
    "timing": "Timing",
    "one_offs": "One-offs",
    "fx": "Exchange rates",
    "price_mix": "Price and mix",
    "volume": "Volume",
    "model_or_volume": "Model or volume",
    "end": "To",
    "residual": "Unexplained",
}
"""Parts of a bridge."""

STATES: Mapping[str, str] = {"open": "open", "submitted": "submitted", "approved": "approved", "locked": "locked"}
"""How far a forecast has been agreed."""

MODELS: Mapping[str, str] = {
    "cohort_growth": "Cohort growth (ours)",
    "naive": "Last month again",
    "drift": "Drift",
    "seasonal naive": "Same month a year ago",
    "window average": "Mean of recent months",
    "SES": "Simple smoothing",
    "damped ETS": "Damped trend",
    "theta": "Theta",
    "Croston": "Croston",
    "SBA": "Croston, corrected",
    "TSB": "Croston with decay",
}
"""Models that compete in a backtest."""

LEVELS: Mapping[str, str] = {
    "account": "Each account",
    "segment": "Each segment",
    "total": "The total of today's customers",
    "total with new business": "The total with new customers",
}
"""What a backtest scores."""

VERDICTS: Mapping[str, str] = {
    "adds value": "adds value",
    "takes value away": "takes value away",
    "no difference shown": "no difference shown",
    "too few to say": "too few to say",
    "found": "one-off",
    "tagged": "one-off, somebody says",
    "kept": "stays in, somebody says",
    "seasonal": "a season",
    "unknown_yet": "not known yet",
}
"""What is made of an author's record, or of a stretch of months."""

REASONS: Mapping[str, str] = {
    "new_use_case": "A new use",
    "expansion": "Expansion",
    "ramp": "A ramp that is agreed",
    "migration": "A migration",
    "price_change": "A price change",
    "budget_cut": "A budget cut",
    "churn_risk": "Risk of leaving",
    "seasonal": "Season",
    "one_off": "A one-off",
    "external": "Something outside",
    "correction": "A correction",
    "other": "Something else",
}
"""Why somebody departs from the model."""

CAUSES: Mapping[str, str] = {
    "one_off": "A one-off: leave it out of the run-rate",
    "structural": "It lasts: keep it in",
    "seasonal": "A season: keep it in",
    "external": "Something outside the company",
    "unknown": "Asked, and nobody knows",
}
"""Why an account's usage changed."""

SPIKE_CHOICES: Mapping[str, str] = {
    "credit": "Credit the excess",
    "forgive": "Do not bill the excess",
    "charge": "Bill it as it is",
    "keep": "It lasts: leave the run-rate alone",
}
"""What is done about a spike with a common cause."""

CHANGES: Mapping[str, str] = {
    "rise, gone back": "rose, and went back",
    "fall, gone back": "fell, and came back",
    "rise, may last": "rose, may last",
    "fall, may last": "fell, may last",
    "new level": "a new, higher level",
    "lower level": "a new, lower level",
}
"""How usage left its level."""

METHODS: Mapping[str, str] = {
    "add": "Add an amount a month",
    "multiply": "Multiply by a factor",
    "replace": "Put an amount a month in its place",
}
"""How an override changes the months it speaks about."""

RUN_RATES: Mapping[str, str] = {
    "median_3": "Middle of three months",
    "mean_3": "Mean of three months",
    "trimmed_6": "Six months without the extremes",
    "mean_12": "Mean of twelve months",
    "mean_3_all": "Mean of three months, one-offs in it",
}
"""How a run-rate is taken."""
