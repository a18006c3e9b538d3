"""The LOOKUP hint: which looked-up table is asked again where it has no row yet."""

from __future__ import annotations

from tidemill.interfaces.options import parse_duration_ms
from tidemill.sql.binder.context import BindContext
from tidemill.sql.logical import LookupRetry
from tidemill.sql.syntax.nodes import QueryHint, StringLiteral, TableReference

_RETRY = ("retry-predicate", "retry-strategy", "fixed-delay", "max-attempts")
_ASYNC = ("async", "output-mode", "capacity", "timeout", "shuffle")


def lookup_retry(context: BindContext, reference: TableReference) -> LookupRetry | None:
    """The retry that a LOOKUP hint of the query asks for this table; None for no retry."""
    alias = reference.alias.name.text if reference.alias else reference.path.parts[-1].text
    for hint in context.hints:
        if hint.name.text != "LOOKUP":
            continue
        given = {key.value: value for key, value in hint.options}
        _check(context, hint, given)
        if given["table"].value in (alias, str(reference.path)):
            return _retry(context, hint, given)
    return None


def _check(context: BindContext, hint: QueryHint, given: dict[str, StringLiteral]) -> None:
    for key, _ in hint.options:
        if key.value not in ("table", *_RETRY, *_ASYNC):
            raise context.error(
                "bad-option",
                f"the hint LOOKUP has no option `{key.value}`",
                key.span,
                hint=f"Options: table, {', '.join((*_RETRY, *_ASYNC))}.",
            )
    if "table" not in given:
        raise context.error(
            "missing-option",
            "the hint LOOKUP names no table",
            hint.span,
            hint="Add 'table' = '...'.",
        )
    if any(key in given for key in _ASYNC):
        context.note("LOOKUP's options for asynchronous lookups only tune Flink and are ignored.")


def _retry(
    context: BindContext, hint: QueryHint, given: dict[str, StringLiteral]
) -> LookupRetry | None:
    if not any(key in given for key in _RETRY):
        return None
    missing = [key for key in _RETRY if key not in given]
    if missing:
        raise context.error(
            "missing-option",
            f"the hint LOOKUP retries, and `{missing[0]}` is missing",
            hint.span,
            hint=f"Options of a retry: {', '.join(_RETRY)}.",
        )
    for key, wanted in (("retry-predicate", "lookup_miss"), ("retry-strategy", "fixed_delay")):
        if given[key].value.lower() != wanted:
            raise context.error(
                "bad-option", f"`{key}` takes `{wanted}`", given[key].span, hint="Write it so."
            )
    try:
        attempts = int(given["max-attempts"].value)
        return LookupRetry(attempts, parse_duration_ms(given["fixed-delay"].value))
    except ValueError:
        raise context.error(
            "bad-option",
            "`max-attempts` takes a whole number and `fixed-delay` a duration such as `1 s`",
            given["max-attempts"].span,
        ) from None
