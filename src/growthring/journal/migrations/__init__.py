"""The journal's schema history, one module a version."""
