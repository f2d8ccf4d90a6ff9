"""Tests: the tree mirrors src, plus docs, scenarios, properties, parity and real data."""
