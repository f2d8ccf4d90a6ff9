"""Benchmarks: every speed or size that this project claims, measured as a ratio between programs run side by side."""
