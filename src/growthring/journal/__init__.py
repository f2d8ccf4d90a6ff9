"""What people decided, append-only: closes, tags, approvals."""
