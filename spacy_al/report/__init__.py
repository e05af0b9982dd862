"""Learning curves, tables and pages from finished runs."""
