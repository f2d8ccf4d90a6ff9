"""What usage and revenue were, and what was unusual in them: panels, one-offs, external events, reasons people gave."""
