"""Executors, relations, the store and its snapshots: how anything is computed and kept."""
