"""The STATE_TTL hint: how long a regular join keeps the rows of one of its tables."""

from __future__ import annotations

from tidemill.interfaces.options import parse_duration_ms
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.scope import Part


def state_ttl_ms(context: BindContext, parts: tuple[Part, ...]) -> int | None:
    """The TTL that a hint of the query gives one side of a join, where the side is one table."""
    if len(parts) != 1:
        return None
    for hint in context.hints:
        for table, ttl in hint.options if hint.name.text == "STATE_TTL" else ():
            if not parts[0].covers(tuple(table.value.split("."))):
                continue
            try:
                return parse_duration_ms(ttl.value)
            except ValueError as error:
                raise context.error(
                    "bad-option", f"STATE_TTL takes {error}, not `{ttl.value}`", ttl.span
                ) from None
    return None


def check_ttl_hints(context: BindContext, parts: tuple[Part, ...]) -> None:
    """Each table of a STATE_TTL hint is one that the query joins."""
    for hint in context.hints:
        for table, _ in hint.options if hint.name.text == "STATE_TTL" else ():
            name = tuple(table.value.split("."))
            if len(parts) < 2 or not any(part.covers(name) for part in parts):
                tables = ", ".join(part.qualifier[-1] for part in parts if part.qualifier)
                raise context.error(
                    "bad-option",
                    f"STATE_TTL names `{table.value}`, which this query does not join",
                    table.span,
                    hint=f"Joined here: {tables}."
                    if len(parts) > 1
                    else "For GROUP BY, SET 'table.exec.state.ttl'.",
                )
