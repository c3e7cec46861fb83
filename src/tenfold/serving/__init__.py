"""What answers for new rows: the model that MLflow loads, and the scoring of files."""
