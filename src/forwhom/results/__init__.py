"""The results table: write, read, resume."""
