"""Trials: when a customer began to try a product, whether the trial was extended, and how it ended."""

from growthring.tables.contract import PROVENANCE, Check, Table, day, text

TRIAL = Table(
    name="trial",
    meaning="A free trial of a product by a customer: its length, its extension, and its end.",
    grain="trial",
    columns=(
        text("trial_id", "The trial's identifier.", required=True),
        text("account_id", "The customer or prospect.", required=True),
        text("product_id", "The product tried.", default="'(none)'"),
        text("rep", "The person who owns the customer and opens extensions."),
        day("started_on", "The first day of the trial.", required=True),
        day("ends_on", "The first day after the trial, extension included; empty while it has no end."),
        day("extended_on", "The day the extension was opened; empty without."),
        day("converted_on", "The day the customer became a paying one; empty while it did not."),
        day("cancelled_on", "The day the customer gave the trial up; empty while it did not."),
        *PROVENANCE,
    ),
    key=("trial_id",),
    checks=(
        Check(
            "TRIAL_ENDS_BEFORE_START",
            "ends_on > started_on",
            "The trial ends before it starts.",
            "Correct the dates in the source; ends_on is the first day after the trial.",
        ),
        Check(
            "TRIAL_EVENT_BEFORE_START",
            "COALESCE(extended_on >= started_on, TRUE) AND COALESCE(converted_on >= started_on, TRUE) "
            "AND COALESCE(cancelled_on >= started_on, TRUE)",
            "The trial was extended, converted or cancelled before it started.",
            "Correct started_on, extended_on, converted_on or cancelled_on in the source.",
        ),
    ),
)
