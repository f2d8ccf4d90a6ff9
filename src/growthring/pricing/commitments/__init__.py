"""Commitments and credits: promises and balances, drawn down by rated charges. See README.md beside this file."""

from growthring.pricing.commitments.burn_down import BurnDown, burn_down
from growthring.pricing.commitments.chain import RESULTS, commitment_chain
from growthring.pricing.commitments.evaluation import compute_commitments
from growthring.pricing.commitments.inputs import CommitmentInputs, commitment_inputs, load_commitment_inputs, put_inputs
from growthring.pricing.commitments.minimums import PeriodCharge, commitment_charges
from growthring.pricing.commitments.obligations import Obligation, remaining_obligations, total_obligations
from growthring.pricing.commitments.reference import Charge, Drawdown, draw_down
from growthring.pricing.commitments.revenue_split import RevenueSplit, revenue_split
from growthring.pricing.commitments.terms import Commitment, family_pools

__all__ = [
    "RESULTS",
    "BurnDown",
    "Charge",
    "Commitment",
    "CommitmentInputs",
    "Drawdown",
    "Obligation",
    "PeriodCharge",
    "RevenueSplit",
    "burn_down",
    "commitment_chain",
    "commitment_charges",
    "commitment_inputs",
    "compute_commitments",
    "draw_down",
    "family_pools",
    "load_commitment_inputs",
    "put_inputs",
    "remaining_obligations",
    "revenue_split",
    "total_obligations",
]
