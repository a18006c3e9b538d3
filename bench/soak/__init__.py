"""Hours of one pipeline at a fixed rate: what grows, and whether the rows are right at the end.

- `project`: the servers, the tables and the pipeline; `feeder`: rides at a fixed rate
- `readings`: what is read of the processes and servers; `slope`: how much it grows an hour
- `verify`: windows and totals against DuckDB and Postgres; `report`: table, JSON, chart
"""
