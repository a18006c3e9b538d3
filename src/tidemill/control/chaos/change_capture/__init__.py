"""The built-in pipeline for change data capture: a table of Postgres, copied and summed up.

- `text`: its SQL, its connector and its project; `table`: the captured table and its tally
- `feed`: transactions on the table, from a seed; `capture`: the connector, and how it is tended
- `tally`: the changes in the topic, counted by key; `check`: what must hold; `stage`: all together
"""
