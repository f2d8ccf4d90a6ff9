"""Pricing: usage becomes money, explained line by line, and any other price can be tried on all of history."""
