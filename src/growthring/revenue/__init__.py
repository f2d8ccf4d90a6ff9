"""What revenue is really doing: a(t), the movement ledger, retention and its relatives under named policies."""
