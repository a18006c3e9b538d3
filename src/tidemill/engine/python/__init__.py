"""Users' Python functions over Arrow columns; see `docs/decisions` for why not inside DuckDB.

- `values`: Arrow values to Python's and back, coerced as PyFlink's coders do.
- `failures`: what is known about a row for which a function failed.
- `scalar`, `table`, `aggregate`: calling the kinds of functions.
"""
