"""Offers, trials and the free tier: what was asked and won, what was given away, and what came back."""

from growthring.pricing.offers.chain import free_chain, offer_chain, revenue_chain, rows_of, trial_chain

__all__ = ["free_chain", "offer_chain", "revenue_chain", "rows_of", "trial_chain"]
