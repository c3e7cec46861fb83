"""Predictions for new rows: the model that MLflow serves, and the scoring of files."""
