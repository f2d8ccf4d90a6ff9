"""What was read, checked and closed: runs, problem rows, assertions, closes, rolled-up usage."""
