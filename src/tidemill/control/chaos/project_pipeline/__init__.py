"""A pipeline of the project under chaos: rows made for its Kafka tables, its sinks computed anew.

- `workspace`: a copy of the project beside servers of the run, with topics and tables of its own
- `feed`: generated rows, written through the tables' own connector and format
- `check`: accounts and positions after each action; at the end each sink against a recomputation
"""
