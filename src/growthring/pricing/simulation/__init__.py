"""What any other price would have done: all of history rated again, and what customers and revenue would have felt."""
