"""Reconciliation of rated lines with issued invoices. See README.md beside this file."""

from growthring.pricing.reconciliation.causes import CAUSES, Cause
from growthring.pricing.reconciliation.difference import Difference
from growthring.pricing.reconciliation.reconcile import EXAMINED, CauseTotal, Reconciliation, reconcile, reconciliation_chain

__all__ = ["CAUSES", "EXAMINED", "Cause", "CauseTotal", "Difference", "Reconciliation", "reconcile", "reconciliation_chain"]
