"""Faults of change data capture: what stands between a table of Postgres and its topic."""
