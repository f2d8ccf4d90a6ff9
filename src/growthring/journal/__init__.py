"""What people decided, append-only: closes, tags, policy changes, sign-offs and runs."""
