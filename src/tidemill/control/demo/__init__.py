"""Demos: an example project run end to end, with data, a check of the results, and an end.

- `folder`: the copy of the example that a demo works in; `model`: what it reports and returns
- `postgres`, `pipeline`: the demo as an application and as an operator
- `nyc_taxi/`: the NYC taxi demo, one step per file; `nyc_taxi/flow` puts them in order
- `text`: events and results as plain text

Only `run` is called from outside.
"""
