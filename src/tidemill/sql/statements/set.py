"""SET 'key' = 'value', and RESET."""

from __future__ import annotations

import difflib
import re
from zoneinfo import ZoneInfo

from tidemill.errors import Span, did_you_mean
from tidemill.interfaces.options import parse_duration_ms, parse_memory_bytes
from tidemill.model.types import STRING
from tidemill.sql.dialect.tokens import TokenKind
from tidemill.sql.listing import Listing
from tidemill.sql.session import Session
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.nodes import StringLiteral

_DURATIONS = (
    "table.exec.source.idle-timeout",
    "table.exec.state.ttl",
    "execution.checkpointing.interval",
)
_STATE_MEMORY = "tidemill.state.memory"
_TAKEN = (
    *_DURATIONS, "table.local-time-zone", "pipeline.name", "execution.runtime-mode", _STATE_MEMORY,
)  # fmt: skip
_IGNORED = re.compile(
    r"(parallelism\.|execution\.|pipeline\.|state\.|restart-strategy|taskmanager\.|jobmanager\.|"
    r"rest\.|metrics\.|sql-client\.|cluster\.|pekko\.|akka\.|heartbeat\.|slot\.|web\.|client\.|"
    r"kubernetes\.|yarn\.|high-availability|job-result-store|process\.|scheduler|"
    r"table\.(optimizer|plan|planner|dml-sync|dynamic-table-options|rtas-ctas|display)\b|"
    r"table\.exec\.(mini-batch|resource|async|window-agg|spill|sort|shuffle|disabled|"
    r"deduplicate|local-hash-agg|uid|simplify|operator|rank|interval-join|"
    r"emit\.(early|late)-fire\.delay)).*"
)
_REFUSED = re.compile(
    r"(pipeline\.(jars|classpaths|udf-classpaths|cached-files|default-kryo-serializers|"
    r"registered-kryo-types|registered-pojo-types|serialization-config)|python\..*|"
    r"classloader\..*|plugin\..*|env\.java\..*|security\..*|fs\..*|"
    r"table\.resources\..*|sql-gateway\..*|\$internal.*|(state\.)?(checkpoints|savepoints)\.dir|"
    r"execution\.(checkpointing|savepoint).*(dir|path)|io\.tmp\.dirs|execution\.attached)"
)
_CHANGES_RESULTS = {
    "table.exec.sink.not-null-enforcer": ("error",),
    "table.exec.sink.type-length-enforcer": ("ignore",),
    "table.exec.sink.upsert-materialize": ("auto", "none"),
    "table.exec.source.cdc-events-duplicate": ("false",),
    "table.exec.legacy-cast-behaviour": ("disabled",),
    "table.sql-dialect": ("default",),
    # Without an ON CONFLICT clause the embedded engine keeps the latest row of a key.
    "table.exec.sink.require-on-conflict": ("false",),
    "table.exec.emit.early-fire.enabled": ("false",),
    "table.exec.emit.late-fire.enabled": ("false",),
    "table.exec.emit.allow-lateness": ("0", "0 ms", "0 s"),
}


def run_set(session: Session, cursor: Cursor) -> None:
    """Read the statement from SET on; without a key it lists what is set."""
    start = cursor.expect("SET").span
    if cursor.token.kind is TokenKind.END:
        rows = tuple(sorted(session.settings.items()))
        columns = (("key", STRING), ("value", STRING))
        session.listings.append(Listing(columns, rows, session.source.where(start)))
        return
    key = _key(cursor)
    cursor.expect("=")
    if cursor.token.kind is not TokenKind.STRING:
        raise cursor.unexpected("the value", hint="Write SET 'key' = 'value', both in quotes.")
    value = cursor.string()
    cursor.done()
    _apply(session, key, value, cursor.since(start))


def run_reset(session: Session, cursor: Cursor) -> None:
    """Read the statement from RESET on: one key, or all, as if they had not been set."""
    cursor.expect("RESET")
    if cursor.token.kind is TokenKind.END:
        session.settings.clear()
        return
    key = cursor.string("a key in quotes")
    cursor.done()
    session.settings.pop(key.value.strip(), None)


def _key(cursor: Cursor) -> StringLiteral:
    if cursor.token.kind is TokenKind.STRING:
        return cursor.string()
    raise cursor.unexpected("a key in quotes", hint="Write SET 'key' = 'value', both in quotes.")


def _apply(session: Session, key: StringLiteral, value: StringLiteral, span: Span) -> None:
    name = key.value.strip()
    if name in _TAKEN:
        session.settings[name] = _checked(session, name, value)
        return
    if name in _CHANGES_RESULTS:
        if value.value.strip().lower() not in _CHANGES_RESULTS[name]:
            allowed = " or ".join(f"'{v}'" for v in _CHANGES_RESULTS[name])
            raise session.source.error(
                "not-supported",
                f"the setting {name} = '{value.value}' is not supported yet",
                value.span,
                hint=f"Tidemill behaves as with {allowed}.",
            )
        return
    if _REFUSED.fullmatch(name):
        raise session.source.error(
            "refused-setting",
            f"the setting {name} is refused",
            key.span,
            detail="A pipeline file may not load code, choose files or change security.",
            hint="Leave it out.",
        )
    near = difflib.get_close_matches(name, (*_TAKEN, *_CHANGES_RESULTS), n=1, cutoff=0.9)
    if _IGNORED.fullmatch(name) and not near:
        session.note(f"The setting {name} only tunes Flink and is ignored.")
        return
    raise session.source.error(
        "unknown-setting",
        f"unknown setting {name}",
        key.span,
        hint=did_you_mean(name, (*_TAKEN, *_CHANGES_RESULTS)) or f"Settings: {', '.join(_TAKEN)}.",
    )


def _checked(session: Session, name: str, value: StringLiteral) -> str:
    text = value.value.strip()
    try:
        if name in _DURATIONS:
            parse_duration_ms(text)
        elif name == _STATE_MEMORY:
            parse_memory_bytes(text)
        elif name == "table.local-time-zone":
            ZoneInfo(text)
        elif name == "execution.runtime-mode" and text.lower() not in (
            "streaming",
            "batch",
            "automatic",
        ):
            raise ValueError("`streaming` or `batch`")
    except (ValueError, KeyError, OSError) as error:
        wanted = (
            error
            if isinstance(error, ValueError) and name != "table.local-time-zone"
            else ("a time zone such as `Europe/Berlin` or `UTC`")
        )
        raise session.source.error(
            "bad-setting", f"{name} takes {wanted}, not `{value.value}`", value.span
        ) from None
    return text
