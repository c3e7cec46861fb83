"""One module per format: each returns the rows of a file or query in the same form."""
