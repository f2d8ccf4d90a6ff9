"""A company's systems, read into the canonical tables; nothing is dropped without a problem row."""
