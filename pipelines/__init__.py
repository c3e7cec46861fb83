"""The five stages, each a program of its own; dvc.yaml says in which order they run."""
