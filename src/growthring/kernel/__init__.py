"""Money, currency, periods, ids and errors: the words every other room uses. No I/O, no SQL."""
