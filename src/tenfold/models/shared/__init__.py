"""What the model families share: the network families, scikit-learn's, and their files."""
