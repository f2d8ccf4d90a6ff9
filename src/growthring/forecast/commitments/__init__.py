"""Commitments in simulated futures: floor, drawdown, true-up, expiry, overage, and what one is worth. See README.md."""
