"""The console: pages for people over the operations."""
