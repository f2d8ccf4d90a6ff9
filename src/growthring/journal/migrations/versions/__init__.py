"""Versions of the journal's schema, oldest first."""
