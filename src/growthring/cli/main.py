"""The `growthring` command: assembles the commands and turns errors into messages and exit codes.

Exit codes: 0 ok, 1 failed, 2 usage, 3 problems found.
"""

import os
import sys

import typer

from growthring.cli.answers import register as register_answers
from growthring.cli.backtest import register as register_backtest
from growthring.cli.books import register as register_books
from growthring.cli.commitment_forecast import register as register_commitment_forecast
from growthring.cli.console import register as register_console
from growthring.cli.data import register as register_data
from growthring.cli.forecast import register as register_forecast
from growthring.cli.forecasts import register as register_forecasts
from growthring.cli.offers import register as register_offers
from growthring.cli.outlook import register as register_outlook
from growthring.cli.overrides import register as register_overrides
from growthring.cli.plans import register as register_plans
from growthring.cli.pricing import register as register_pricing
from growthring.cli.reconcile import register as register_reconcile
from growthring.cli.setup import register as register_setup
from growthring.cli.unusual import register as register_unusual
from growthring.kernel.errors import GrowthringError

app = typer.Typer(
    name="growthring",
    help="Revenue answers with evidence: from raw invoices to an explained NDR.",
    epilog="Start: growthring demo ./demo   or   growthring init . --from 'invoices/*.csv' && growthring run",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

for register in (
    register_setup,
    register_console,
    register_answers,
    register_books,
    register_pricing,
    register_commitment_forecast,
    register_offers,
    register_reconcile,
    register_forecast,
    register_outlook,
    register_backtest,
    register_overrides,
    register_plans,
    register_forecasts,
    register_unusual,
    register_data,
):
    register(app)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except GrowthringError as error:
        sys.stderr.write(f"growthring: {error.happened}\n")
        for hint in (error.valid, error.remedy):
            if hint:
                sys.stderr.write(f"  {hint}\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("growthring: stopped; the project is as it was before.\n")
        sys.exit(130)
    finally:
        _flush()


def _flush() -> None:
    """Write out what is left; a reader that has gone, such as ``head``, is told nothing when the interpreter ends."""
    if out := sys.__stdout__:
        try:
            out.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


if __name__ == "__main__":
    main()
