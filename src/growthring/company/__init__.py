"""The sample company: a simulator with planted truth."""
