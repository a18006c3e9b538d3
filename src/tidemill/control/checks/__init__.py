"""Expectations as use cases: run suites on tables and files, list them, exchange them."""
