"""Worked billing cases: read into price books and usage, rated both ways, compared as printed."""
