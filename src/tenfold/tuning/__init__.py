"""The search over configurations: cross-validation of each, and what is kept of the best."""
