"""tenfold: from a raw table to a served champion, by one YAML file and five DVC stages."""

__version__ = "0.1.0"
