"""What usage and revenue will be: account to total, with intervals that hold and human overrides that are scored."""
