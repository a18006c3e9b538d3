"""`tidemill role create`."""

from __future__ import annotations

from tidemill.cli.output import data, data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def role_create(name: str, /, *, kind: str, tables: list[str], common: Common = COMMON) -> None:
    """Make a role of Postgres with few rights.

    capture may replicate and read the tables, and gets a publication of its name of just these;
    sink may read and change the rows of the tables and of tidemill_epochs; reader may read them,
    for a minute a statement. None is a superuser or owns anything. The password is generated and
    kept in .tidemill/secrets; what is printed is the reference to it. Making a role again changes
    its password, and takes away what is not named any more.

    Args:
        name: the role.
        kind: capture, sink or reader.
        tables: schema.table, or table in the schema public; give it once for each.
        common: the options of every verb.
    """
    from tidemill.control.postgres_roles import create_role  # noqa: PLC0415 - when called

    made = create_role(common.project, name, kind, tables)
    if common.json:
        data_json(made.as_dict())
        return
    say(f"{made.name} may {', '.join(made.rights)} on {', '.join(made.tables)}.")
    if made.publication is not None:
        say(f"Its publication is {made.publication}: give Debezium it as publication.name.")
    data(f"username: {made.name}")
    data(f"password: {made.password}")


APP = verb(
    "create",
    role_create,
    "tidemill role create orders_capture --kind capture --tables shop.orders\n"
    "tidemill role create orders_sink --kind sink --tables order_totals --json",
)
