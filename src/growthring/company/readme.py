"""The README that lies beside the raw files."""

from growthring.company.plan import EVENT_ATTRIBUTE, EVENT_NAME, EVENT_PERCENT, EVENT_VALUE
from growthring.company.truth import CompanyTruth

_TEXT = """# {name}

A company that does not exist. It sells a platform by the seat, an analytics add-on at a flat price, an API by use and an
onboarding service. The files in `raw/` are what its systems would export; `truth/` says what was planted in them and is not an
input. Accounts: {accounts}. Months: {first_month} to {data_through}. Seed: {seed}.

## Raw files
| file | holds |
|---|---|
| `raw/accounts.csv` | accounts with history: segment, parent, mergers |
| `raw/products.csv` | the five products |
| `raw/contracts.csv`, `raw/contract_lines.csv` | what was agreed: terms, seats, prices, discounts, trials, pauses |
| `raw/invoices/invoice_lines_YYYY-MM.csv` | what was billed, by the month in which it became known |
| `raw/usage/usage_YYYY-MM.csv` | API calls |
| `raw/commitments.csv` | API minimums of a year, prepaid balances, welcome credits |
| `raw/fx_rates.csv` | daily rates of EUR, GBP and JPY to USD |

All dates are half-open: `ends_on` and `period_end` are the first day after. Yen have no decimals.

## Planted
- List prices rise by {price_change_percent} % for new customers and renewals from {price_change_month} on.
- Ringwood Classic becomes Ringwood Platform on {migration}: same price, same customer, no churn.
- Enterprise customers won through partners bring the most new revenue and keep far less than all of it; self-serve mid-market
  grows after the sale.
- Mergers move billing to the absorbing account on the day of the merger: no churn, no new customer.
- One-off usage spikes: {usage_spikes} ({spike_note}).
- An external event: {event_note}.
- Minimums that ended short of their promise: {shortfalls} (`truth/commitments.csv`). Balances are kept apart from the invoices.
- Invoiced usage is what `price_books/api.yaml` asks for, to the cent, but for mergers: the absorbing account is invoiced for the
  whole month, in the absorbed one's currency; the records before the merger stay with the absorbed account.

Events: {events}

Defects in the files, by problem code (LATE is a row known days after its date, not a problem):
{defects}

## Truth
`truth/truth.json` holds the sums; `mrr.csv`, `movements.csv` and `cells.csv` are the same lists as tables; `events.csv`,
`defects.csv`, `usage_spikes.csv`, `external_events.csv` and `commitments.csv` name every planted event, row, spike, account that
the external event reached, and commitment.
"""


def readme_text(truth: CompanyTruth) -> str:
    """Write what the company is and what was planted."""
    events = ", ".join(f"{name} {count}" for name, count in sorted(truth.event_counts().items()))
    defects = "\n".join(
        f"- {table}: {code} {count}" for table, counts in truth.defects.items() for code, count in counts.items()
    )  # fmt: skip
    return _TEXT.format(
        name=truth.name,
        accounts=truth.accounts,
        first_month=truth.first_month,
        data_through=truth.data_through,
        seed=truth.seed,
        price_change_percent=truth.price_change_percent,
        price_change_month=truth.price_change_month,
        migration=truth.migration_on or "no day of this short window",
        usage_spikes=truth.usage_spikes,
        shortfalls=truth.shortfalls,
        spike_note="eight times the usual month",
        event_note=_event_note(truth),
        events=events or "none",
        defects=defects or "- none",
    )


def _event_note(truth: CompanyTruth) -> str:
    if truth.event_month is None:
        return "none in this short window"
    return (
        f"the {EVENT_NAME} of another vendor lifts the calls of {EVENT_ATTRIBUTE} {EVENT_VALUE}\n"
        f"  ({truth.event_accounts} accounts) by {EVENT_PERCENT} % in {truth.event_month}, and only then"
    )
