"""Generated queries: a seeded generator over the supported grammar and random typed rows.

`tables` makes the rows, `expressions` typed expressions, `relations` what stands in FROM, and
`queries` whole queries that all give the same six columns, so that many of them run as one job on
Flink. `campaign` runs them on both engines, compares, shrinks what differs and counts what was
covered: `python -m generator.campaign --count 5000 --seed 1` in `tests/parity`.
"""
