"""The binder's context for a statement of a session."""

from __future__ import annotations

from dataclasses import replace

from tidemill.sql import functions
from tidemill.sql.binder.context import BindContext, OptionPairs
from tidemill.sql.binder.tables import bind_table
from tidemill.sql.catalog import Table
from tidemill.sql.session import Session


def bind_context(session: Session) -> BindContext:
    """A context over the session's catalog and all functions."""

    def hinted(table: Table, pairs: OptionPairs) -> Table:
        given = {key.value for key, _ in pairs}
        kept = tuple(pair for pair in table.definition.options if pair[0].value not in given)
        definition = replace(table.definition, options=(*kept, *pairs))
        return bind_table(context, session, definition, table.name)

    context = BindContext(
        session.source,
        session.catalog,
        functions.SCALARS,
        functions.AGGREGATES,
        functions.ALIASES,
        hinted,
        note=session.note,
    )
    return context
