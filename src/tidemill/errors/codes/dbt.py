"""Error codes of the warehouse with dbt: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "dbt.no-project": "The project has no folder `dbt` with a dbt_project.yml.",
    "dbt.failed": "A model, a test or a parse of dbt failed.",
    "dbt.unreadable": "A file that dbt wrote cannot be read.",
}
