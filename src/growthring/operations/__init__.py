"""One use case per module: the list of everything the product can do."""
