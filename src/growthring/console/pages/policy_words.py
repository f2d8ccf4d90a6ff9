"""What the switches of a policy are called, in place of the names they have in its file."""

from collections.abc import Mapping

from growthring.console.visit import Visit

SWITCHES: Mapping[str, str] = {
    "evidence": "Documents read",
    "usage_evidence": "Usage read from",
    "grain": "Movements booked",
    "level": "Who is a customer",
    "hierarchy": "Parents and mergers",
    "basis": "What is recurring",
    "usage_window": "Months of usage averaged",
    "normalise.week": "Weeks in a month",
    "normalise.day": "Days in a month",
    "normalise.odd_days": "Odd periods",
    "discounts": "Discounts taken off",
    "usage": "Usage",
    "one_off": "One-off lines",
    "credits": "Credits",
    "free": "Customers at a price of zero",
    "fx": "Exchange rates",
    "fx_on": "Day of the constant rate",
    "churn_time": "When a customer is lost",
    "days_past_due": "Days past due",
    "involuntary_reasons": "Reasons not of the customer's choice",
    "pause": "Paused lines",
    "same_period": "Changes inside one month",
    "reactivation": "Customers that return",
    "reactivation_days": "Days in which a return is a reactivation",
    "counts_in_ndr": "Returned customers count in retention",
    "ndr": "Net retention computed",
    "base_threshold": "Least size asked of",
    "threshold_arr": "Least ARR in the base",
    "exclude": "Left out",
    "grr_cap": "Growth may not offset loss",
    "smoothing": "Averaging over months",
    "restate": "Closed months",
    "late_data_days": "Days for late data",
}
"""Name of each switch: a message of the catalogue."""

VALUES: Mapping[str, str] = {
    "point": "same customers now over then",
    "avg4q": "mean of four quarters",
    "trailing12_weighted": "weighted over twelve months",
    "two_year": "second year over first",
    "quarter_yoy": "quarter over the same one a year before",
    "30d": "one month",
    "survivors": "customers present at both dates",
    "bridge": "division of the ledger",
    "at_base": "the base date",
    "both": "both",
    "invoices": "invoices",
    "contracts": "contracts",
    "rated": "rated usage",
    "rated_with_fees": "rated usage and fees",
    "month_end": "between month ends",
    "quarter": "between quarter ends",
    "day": "day by day",
    "event": "change by change",
    "item": "item",
    "subscription": "subscription",
    "account": "account",
    "parent": "parent",
    "product": "product",
    "contract": "contract",
    "total": "in the total",
    "events": "by attrition events",
    "as_of": "as they stood then",
    "current": "as the data say now",
    "as_reported": "as reported",
    "live": "what runs at month end",
    "contracted": "what is signed",
    "billed": "what was invoiced",
    "recognised": "spread over days of service",
    "usage_smoothed": "live, usage averaged",
    "none": "none",
    "all": "all",
    "recurring": "recurring ones",
    "include": "counted",
    "exclude": "left out",
    "ignore": "ignored",
    "dated": "if they carry a period",
    "net": "netted",
    "gross": "booked one by one",
    "active": "still customers",
    "inactive": "no customers",
    "floating": "of each month end",
    "constant": "of one day",
    "request": "at the request",
    "period_end": "at the end of the paid period",
    "status": "when the billing system says so",
    "days_past_due": "days after an unpaid due date",
    "zero": "no revenue, still a customer",
    "churn": "lost and back",
    "keep": "unchanged",
    "always": "always a reactivation",
    "window": "a reactivation within a window",
    "as_new": "new",
    "trailing_3": "mean of three months",
    "trailing_12": "mean of twelve months",
    "quarter_x4": "last quarter annualised",
    "committed_plus_trailing": "minimum plus usual usage",
    "by_day": "by day",
    "face": "as they stand",
    "True": "yes",
    "False": "no",
    "[]": "none",
    "fx=event": "of the day the price began",
    "hierarchy=current": "as they stand now",
    "evidence=both": "contracts, and invoices for usage",
    "None": "none",
}
"""Word of each value: a message of the catalogue; numbers and names stand as they are."""


def value_words(visit: Visit, switch: str, value: object) -> str:
    """Return a value of a switch in words."""
    text = str(value)
    found = VALUES.get(f"{switch}={text}", VALUES.get(text))
    return visit.words(found) if found else text


def switch_words(visit: Visit, switches: str) -> str:
    """Return switches turned, ``field: before → after`` one after the other, in words."""
    parts = []
    for each in switches.split(", "):
        name, found, turned = each.partition(": ")
        before, arrow, after = turned.partition(" → ")
        if not (found and arrow and name in SWITCHES):
            parts.append(each)
            continue
        parts.append(f"{visit.words(SWITCHES[name])}: {value_words(visit, name, before)} → {value_words(visit, name, after)}")
    return ", ".join(parts)
