"""Questions about bills and prices: rated history, bills, commitments, reconciliation, other prices tried."""
