"""Rates over windows of time, exchange rates, and formulas on totals."""

import re
from decimal import Decimal
from typing import Any

from growthring.kernel.period import Month
from growthring.revenue import rates
from tests.golden.cases import Case
from tests.golden.company import Company, points, value
from tests.golden.figures import figures
from tests.golden.forms import form, has
from tests.golden.panel import LAST
from tests.golden.words import policy_of


def _exact(given: Any) -> Decimal:
    return Decimal(str(given))


@form("point-in-time pairs of base and now, a quarter apart", has("points"))
def trailing_points(case: Case) -> dict[str, Any]:
    company, count = Company(), len(case.inputs["points"])
    ends = [LAST - 3 * (count - 1 - at) for at in range(count)]
    for end, pair in zip(ends, case.inputs["points"], strict=True):
        for back in range(3):
            company.month("cohort", end - 12 - back, pair["base"])
            company.month("cohort", end - back, pair["now"])
    point, average, weighted = (
        company.ledger(policy_of(case, ndr=variant), LAST) for variant in ("point", "avg4q", "trailing12_weighted")
    )
    return {
        "point": [value(point, "ndr", end) for end in ends],
        "latest": value(point, "ndr", LAST),
        "simple_avg": value(average, "ndr", LAST),
        "weighted_avg": value(weighted, "ndr", LAST),
    }


@form("revenue of customers in two years or two quarters", lambda case: _windows(case) is not None)
def two_windows(case: Case) -> dict[str, Any]:
    customers, earlier, later = _windows(case) or ([], "", "")
    months = 12 if re.search(r"y|12|24", earlier) else 3
    company = Company()
    for number, customer in enumerate(customers):
        name = str(customer.get("id", customer.get("account", customer.get("customer", number))))
        absent = any(customer.get(key) is False for key in customer if "month" in key or "first" in key or "active" in key)
        for window, key in ((LAST - 12, earlier), (LAST, later)):
            held = months - 1 if absent and key == earlier else months
            if customer.get(key):
                start, end = (window - (held - 1)).first_day, (window + 1).first_day
                company.invoice(name, customer[key], start, end, kind="usage", product_id="usage")
    policy = policy_of(case, ndr="two_year" if months == 12 else "quarter_yoy", basis="recognised")
    return figures(company.ledger(policy, LAST), case.expected, LAST)


def _windows(case: Case) -> tuple[list[dict[str, Any]], str, str] | None:
    pairs = (("y1", "y2"), ("year1", "year2"), ("year_1", "year_2"), ("first_12m", "second_12m"), ("q_ago", "q_now"),
             ("year_ago_quarter", "quarter"), ("q_then", "q_now"), ("quarter_then", "quarter_now"))  # fmt: skip
    for held in [*case.inputs.values(), case.inputs]:
        rows = held if isinstance(held, list) else list(held.values()) if isinstance(held, dict) else []
        rows = [held] if isinstance(held, dict) and not all(isinstance(each, dict) for each in rows) else rows
        if rows and all(isinstance(each, dict) for each in rows):
            for one, other in pairs:
                first = next((key for key in rows[0] if key == one or key.startswith(f"{one}_")), None)
                second = next((key for key in rows[0] if key == other or key.startswith(f"{other}_")), None)
                if first and second:
                    return rows, first, second
    return None


@form(
    "a monthly rate to be annualised",
    lambda case: any(re.match(r"monthly_(nrr|ndr|grr|retention|churn)", key) for key in case.inputs),
)
def annualised_rate(case: Case) -> dict[str, Any]:
    key, rate = next((key, _exact(held)) for key, held in case.inputs.items() if key.startswith("monthly_"))
    yearly = 1 - rates.annualise_monthly(1 - rate) if "churn" in key else rates.annualise_monthly(rate)
    return dict.fromkeys(case.expected, yearly)


@form("revenue of a quarter", has("quarter_revenue"))
def annualised_quarter(case: Case) -> dict[str, Any]:
    company = Company()
    company.invoice("everyone", case.inputs["quarter_revenue"], Month.parse("2025-01").first_day,
                    Month.parse("2025-04").first_day,
                    kind="usage", product_id="usage")  # fmt: skip
    at = Month.parse("2025-03")
    return figures(company.ledger(policy_of(case, smoothing="quarter_x4", basis="recognised"), at), case.expected, at)


@form("an amount in a foreign currency and two exchange rates", has("rate_then", "rate_now"))
def exchange(case: Case) -> dict[str, Any]:
    foreign = next(key for key in case.inputs if re.match(r"(mrr|arr|amount|price)_[a-z]{3}$", key))
    company, then = Company(foreign[-3:].upper()), LAST - 12
    for index in range(then.index, LAST.index + 1):
        company.month("customer", Month(index), case.inputs.get(f"{foreign}_now", case.inputs[foreign]))
    for day, rate in ((then.first_day, "rate_then"), (LAST.first_day, "rate_now")):
        company.add("fx_rate", base_currency=company.currency, quote_currency="USD", rate_on=day, rate=_exact(case.inputs[rate]))
    views = {
        "floating": policy_of(case, fx="floating"),
        "constant_at_base_rate": policy_of(case, fx="constant", fx_on=then.last_day),
        "constant_at_current_rate": policy_of(case, fx="constant", fx_on=LAST.last_day),
        "constant": policy_of(case, fx="constant", fx_on=then.last_day),
    }
    answers: dict[str, Any] = {}
    for name, policy in views.items():
        ledger = company.ledger(policy, LAST, "USD")
        answers[name] = {**figures(ledger, case.expected.get(name, {}), LAST), "then": value(ledger, "mrr", then)}
    flat = {key: held for key, held in case.expected.items() if not isinstance(held, dict)}
    return {**figures(company.ledger(policy_of(case), LAST, "USD"), flat, LAST), **answers}


@form("a cohort's share of revenue and its reported NDR", has("ndr_reported", "cohort_share_of_arr"))
def cohort_growth(case: Case) -> dict[str, Any]:
    share, ndr = _exact(case.inputs["cohort_share_of_arr"]), _exact(case.inputs["ndr_reported"])
    growth = _exact(case.inputs.get("company_growth", 0))
    return {
        "growth_points_from_cohort": rates.growth_from_cohort(share, ndr),
        "remaining_growth_points": rates.growth_from_elsewhere(growth, share, ndr),
    }


@form(
    "revenue of quarters as filed",
    lambda case: any(
        isinstance(held, dict) and "revenue" in key and all(re.fullmatch(r"(FY)?\d{2,4}-?Q[1-4]", each) for each in held)
        for key, held in case.inputs.items()
    ),
)
def filed_growth(case: Case) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for key, by_quarter in case.inputs.items():
        company = Company()
        for label, amount in by_quarter.items():
            at = _fiscal(label)
            company.invoice("everyone", amount, (at - 2).first_day, (at + 1).first_day, kind="usage")
        ledger = company.ledger(policy_of(case, smoothing="quarter_x4", basis="recognised"), max(map(_fiscal, by_quarter)))
        name = key.split("_")[0]
        yoy = {label: point.value for label in by_quarter for point in points(ledger, "arr_growth_yoy", _fiscal(label))}
        answers[f"{name}_yoy"] = yoy
        answers |= {f"{name}_yoy_{label}": rate for label, rate in yoy.items()}
    return answers


def _fiscal(label: str) -> Month:
    match = re.fullmatch(r"(?:FY)?(\d{2,4})-?Q([1-4])", label)
    assert match is not None, label
    return Month((int(match[1]) % 100 + 2000) * 12 + int(match[2]) * 3 - 1)


@form(
    "days with revenue at start, at end and of new customers",
    lambda case: "day_start_mrr" in case.inputs or "days" in case.inputs,
)
def daily_churn(case: Case) -> dict[str, Any]:
    days = case.inputs.get("days", [case.inputs])
    read = [
        tuple(
            _exact(day.get(f"day_{name}", day.get(name, day.get(name.split("_")[0], 0))))
            for name in ("start_mrr", "end_mrr", "new_business")
        )
        for day in days
    ]
    return dict.fromkeys(case.expected, rates.daily_net_mrr_churn(read))  # type: ignore[arg-type]


@form("a rate of a period that is still running", has("days_elapsed"))
def projected(case: Case) -> dict[str, Any]:
    days = next(held for key, held in case.inputs.items() if key.startswith(("days_in", "month_days", "days_of")))
    rate = next((held for key, held in case.inputs.items() if "rate" in key or key == "churn"), None)
    if rate is None:
        from tests.golden.forms.totals import from_totals

        rate = next(iter(from_totals(case).values()))
    return dict.fromkeys(case.expected, rates.projected_rate(_exact(rate), case.inputs["days_elapsed"], days))
