"""Commitments and credits: promises and balances, drawn down by rated charges. See README.md beside this file."""

from growthring.pricing.commitments.chain import RESULTS, commitment_chain
from growthring.pricing.commitments.inputs import CommitmentInputs, commitment_inputs, load_commitment_inputs, put_inputs
from growthring.pricing.commitments.minimums import PeriodCharge, commitment_charges
from growthring.pricing.commitments.reference import Charge, Drawdown, draw_down
from growthring.pricing.commitments.terms import Commitment, family_pools

__all__ = [
    "RESULTS",
    "Charge",
    "Commitment",
    "CommitmentInputs",
    "Drawdown",
    "PeriodCharge",
    "commitment_chain",
    "commitment_charges",
    "commitment_inputs",
    "draw_down",
    "family_pools",
    "load_commitment_inputs",
    "put_inputs",
]
