"""The warehouse: a dbt project on the project's Postgres, beside its pipelines.

`layout` says where its files are, `files` writes a new one, `generate` writes what follows from the
pipelines, `build` runs dbt in an environment of its own. Where dbt's models stand in the flow is in
`control/lineage`.
"""
