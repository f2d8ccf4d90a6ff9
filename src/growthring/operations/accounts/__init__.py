"""One account: what it is, what it agreed, used, was billed and brought, and what people said about it."""
