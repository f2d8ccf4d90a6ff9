"""Writing the sample company: raw files a real company would have, and the truth beside them."""

from collections.abc import Callable
from pathlib import Path

from growthring.company.account_rows import ACCOUNT_HEADER, CONTRACT_HEADER, LINE_HEADER, account_rows, contract_rows, line_rows
from growthring.company.billing import bill, money_text
from growthring.company.catalogue import PRODUCTS
from growthring.company.commitments import COMMITMENT_HEADER, OUTCOME_HEADER, commitment_rows, draw_promises
from growthring.company.days import Days
from growthring.company.exchange_rates import RATE_HEADER, rate_rows
from growthring.company.invoice_rows import INVOICE_HEADER, invoice_rows
from growthring.company.life import live
from growthring.company.metering import USAGE_HEADER, draw_consumption, lift_by_event, usage_rows
from growthring.company.plan import EVENT_ATTRIBUTE, EVENT_NAME, EVENT_PERCENT, EVENT_VALUE, Plan
from growthring.company.price_books import api_book
from growthring.company.profile import draw_profile
from growthring.company.raw_files import RawFiles
from growthring.company.readme import readme_text
from growthring.company.tally import COMPANY_NAME, Tally
from growthring.company.terms import Story
from growthring.company.truth import CompanyTruth, write_truth
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent

CHUNK = 1_000
_FIRST_MONTH = Month.parse("2022-01")


def write_company(
    folder: Path,
    *,
    accounts: int = 300,
    months: int = 36,
    first_month: Month = _FIRST_MONTH,
    seed: int = 7,
    progress: Progress = silent,
    chunk: int = CHUNK,
) -> CompanyTruth:
    """Write Ringwood Software, a company that does not exist, with everything planted in it counted.

    The same arguments write the same bytes; ``chunk`` changes only how many accounts wait in memory.

    Args:
        folder: Receives ``raw/``, ``truth/``, ``price_books/`` and ``README.md``; files of the same names are replaced.
        accounts: Number of accounts, at least 1.
        months: Number of months, at least 1.
        first_month: First month of the files.
        seed: Seed of everything random.
        progress: Told after each chunk.
        chunk: Accounts between two writes.

    Returns:
        The planted truth, as also written to ``truth/truth.json``.

    Raises:
        GrowthringError: ``accounts``, ``months`` or ``chunk`` is below 1.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as place:
        ...     write_company(Path(place), accounts=20, months=6).data_through.isoformat()
        '2022-06-30'
    """
    if min(accounts, months, chunk) < 1:
        raise GrowthringError(
            f"A company of {accounts} accounts over {months} months cannot be written.",
            valid="Valid: whole numbers from 1 on.",
            remedy="Pass --accounts 300 --months 36.",
        )
    plan = Plan(accounts, months, first_month, seed, Days(first_month, months))
    tally = Tally(plan)
    _remove_earlier(folder)
    with RawFiles(folder / "raw") as raw, RawFiles(folder / "truth") as planted:
        _open_files(plan, raw, planted)
        for start in range(0, accounts, chunk):
            stop = min(start + chunk, accounts)
            for index in range(start, stop):
                _write_account(plan, index, raw, planted, tally)
            raw.flush()
            planted.flush()
            progress("accounts", stop, accounts)
    for name, count in raw.rows.items():
        tally.rows[name.split("/")[0].removesuffix(".csv")] += count
    truth = tally.truth()
    write_truth(folder / "truth", truth)
    (folder / "README.md").write_text(readme_text(truth), encoding="utf-8")
    (folder / "price_books").mkdir(exist_ok=True)
    (folder / "price_books" / "api.yaml").write_text(api_book(COMPANY_NAME, first_month), encoding="utf-8")
    return truth


def _remove_earlier(folder: Path) -> None:
    """Remove month files of an earlier run, which a shorter window would leave behind."""
    for pattern in ("raw/invoices/invoice_lines_*.csv", "raw/usage/usage_*.csv"):
        for path in folder.glob(pattern):
            path.unlink()


def _open_files(plan: Plan, raw: RawFiles, planted: RawFiles) -> None:
    raw.open("accounts.csv", ACCOUNT_HEADER)
    raw.open("products.csv", "product_id,name,family,quantity_kind,known_at")
    raw.open("contracts.csv", CONTRACT_HEADER)
    raw.open("contract_lines.csv", LINE_HEADER)
    raw.open("commitments.csv", COMMITMENT_HEADER)
    raw.open("fx_rates.csv", RATE_HEADER)
    for name in plan.days.month_names:
        raw.open(f"usage/usage_{name}.csv", USAGE_HEADER)
    for name in plan.days.invoice_month_names:
        raw.open(f"invoices/invoice_lines_{name}.csv", INVOICE_HEADER)
    planted.open("events.csv", "month,event,on,account_id,product_id,currency,delta")
    planted.open("defects.csv", "table,code,file,row_key")
    planted.open("usage_spikes.csv", "account_id,month,quantity")
    planted.open("external_events.csv", "event,attribute,value,month,percent,account_id,quantity,excess")
    planted.open("commitments.csv", OUTCOME_HEADER)
    known = plan.days.known(plan.days.on(0, 1))
    for product in PRODUCTS:
        raw.add("products.csv", f"{product.product_id},{product.name},{product.family},{product.quantity_kind},{known}")
    for row in rate_rows(plan):
        raw.add("fx_rates.csv", row)


def _write_account(plan: Plan, index: int, raw: RawFiles, planted: RawFiles, tally: Tally) -> None:
    dice = plan.dice(index, "life")
    profile = draw_profile(plan, index, dice)
    story = live(plan, index, profile, dice)
    versions, changes = account_rows(plan, story, profile, dice)
    story.events.extend(changes)
    for name, rows in (
        ("accounts.csv", versions),
        ("contracts.csv", contract_rows(plan, story, profile)),
        ("contract_lines.csv", line_rows(plan, story)),
    ):
        for row in rows:
            raw.add(name, row)
    calls, spike = draw_consumption(plan, story, profile, dice)
    lift = lift_by_event(plan, profile, calls)
    defect = _defect_recorder(planted, tally)
    names = plan.days.month_names
    for used in usage_rows(plan, story, calls, dice):
        file = f"usage/usage_{names[used.file_k]}.csv"
        raw.add(file, used.text)
        if used.defect:
            defect("usage", used.defect, file, used.text.split(",", 1)[0])
    for item in invoice_rows(plan, story, profile, bill(plan, story, profile, calls, dice), dice):
        file = f"invoices/invoice_lines_{plan.days.invoice_month_names[item.file_k]}.csv"
        raw.add(file, item.text)
        if item.defect:
            defect("invoice_line", item.defect, file, item.key)
    promises = draw_promises(plan, story, profile, calls, plan.dice(index, "commitments"))
    for row, outcome in commitment_rows(plan, story, promises):
        raw.add("commitments.csv", row)
        planted.add("commitments.csv", outcome)
    tally.shortfalls += sum(each.kind == "minimum" and each.end_k <= plan.months and each.left > 0 for each in promises)
    if lift and plan.event_k is not None:
        tally.event_accounts += 1
        event = f"{EVENT_NAME},{EVENT_ATTRIBUTE},{EVENT_VALUE},{names[plan.event_k]},{EVENT_PERCENT}"
        planted.add("external_events.csv", f"{event},{story.account_id},{calls[plan.event_k]},{lift}")
    if spike is not None:
        tally.usage_spikes += 1
        planted.add("usage_spikes.csv", f"{story.account_id},{names[spike]},{calls[spike]}")
    _write_events(plan, story, planted)
    tally.add_story(story, profile)


def _defect_recorder(planted: RawFiles, tally: Tally) -> Callable[[str, str, str, str], None]:
    def record(table: str, code: str, file: str, key: str) -> None:
        tally.defects[table][code] += 1
        planted.add("defects.csv", f"{table},{code},{file},{key}")

    return record


def _write_events(plan: Plan, story: Story, planted: RawFiles) -> None:
    days = plan.days
    for event in story.events:
        planted.add(
            "events.csv",
            f"{days.month_names[event.k]},{event.name},{days.text[event.day]},{event.account_id},{event.product_id},"
            f"{story.currency},{money_text(event.delta, story.currency)}",
        )
