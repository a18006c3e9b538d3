"""The LIKE clause of CREATE TABLE: what is taken over from another table."""

from __future__ import annotations

from dataclasses import replace

from tidemill.model import ColumnKind
from tidemill.sql.catalog import Table
from tidemill.sql.session import Session
from tidemill.sql.syntax.definitions import ColumnDefinition, LikeClause, TableDefinition

_FEATURES = (
    "ALL",
    "CONSTRAINTS",
    "DISTRIBUTION",
    "GENERATED",
    "METADATA",
    "OPTIONS",
    "PARTITIONS",
    "WATERMARKS",
)
_MAY_OVERWRITE = ("GENERATED", "METADATA", "OPTIONS", "WATERMARKS")


def merge_like(session: Session, definition: TableDefinition) -> TableDefinition:
    """The definition with what LIKE takes over; unchanged where there is no LIKE."""
    like = definition.like
    if like is None:
        return definition
    entry = session.catalog.find(session.source, like.table)
    if not isinstance(entry, Table):
        raise session.source.error(
            "wrong-kind", f"LIKE takes a table, and `{like.table}` is a view", like.table.span
        )
    base = entry.definition
    rule = _rules(session, like)
    merged = replace(definition, columns=_columns(session, definition, base, rule))
    _options(session, merged, base, rule, like)
    _parts(session, merged, base, rule)
    return merged


def _rules(session: Session, like: LikeClause) -> dict[str, str]:
    rules = dict.fromkeys(_FEATURES[1:], "INCLUDING")
    rules["OPTIONS"] = "OVERWRITING"
    given = {}
    for feature, rule, span in like.rules:
        if feature not in _FEATURES:
            raise session.source.error(
                "syntax",
                f"LIKE knows no feature {feature}",
                span,
                hint=f"Features: {', '.join(_FEATURES)}.",
            )
        if rule == "OVERWRITING" and feature not in _MAY_OVERWRITE:
            raise session.source.error("syntax", f"{feature} cannot be OVERWRITING", span)
        given[feature] = rule
    if "ALL" in given:
        rules = dict.fromkeys(rules, given.pop("ALL"))
    return {**rules, **given}


def _columns(
    session: Session, definition: TableDefinition, base: TableDefinition, rule: dict[str, str]
) -> list[ColumnDefinition]:
    own = {column.name.text: column for column in definition.columns}
    features = {ColumnKind.COMPUTED: "GENERATED", ColumnKind.METADATA: "METADATA"}
    kept: list[ColumnDefinition] = []
    for column in base.columns:
        feature = features.get(column.kind)
        if feature is not None and rule[feature] == "EXCLUDING":
            continue
        double = own.get(column.name.text)
        if double is None:
            kept.append(column)
        elif feature is None or rule[feature] != "OVERWRITING" or double.kind is not column.kind:
            raise session.source.error(
                "duplicate-column",
                f"the column `{column.name.text}` is in the table behind LIKE already",
                double.name.span,
                hint=f"Leave it out, or write OVERWRITING {feature}."
                if feature
                else "Leave it out.",
            )
        else:
            kept.append(own.pop(column.name.text))
    return kept + [column for column in definition.columns if column.name.text in own]


def _options(
    session: Session,
    merged: TableDefinition,
    base: TableDefinition,
    rule: dict[str, str],
    like: LikeClause,
) -> None:
    if rule["OPTIONS"] == "EXCLUDING":
        return
    own = {key.value: (key, value) for key, value in merged.options}
    for key, _ in base.options:
        if key.value in own and rule["OPTIONS"] == "INCLUDING":
            raise session.source.error(
                "bad-option",
                f"the option '{key.value}' is in the table behind LIKE already",
                own[key.value][0].span,
                hint="Write OVERWRITING OPTIONS.",
            )
    kept = tuple(pair for pair in base.options if pair[0].value not in own)
    merged.options = kept + merged.options
    merged.options_span = merged.options_span or like.table.span


def _parts(
    session: Session, merged: TableDefinition, base: TableDefinition, rule: dict[str, str]
) -> None:
    if rule["CONSTRAINTS"] == "INCLUDING" and base.primary_key is not None:
        if merged.primary_key is not None:
            raise session.source.error(
                "bad-primary-key",
                "the table behind LIKE has a primary key already",
                merged.primary_key.span,
                hint="Write EXCLUDING CONSTRAINTS.",
            )
        merged.primary_key = base.primary_key
    if rule["WATERMARKS"] != "EXCLUDING" and base.watermark is not None:
        if merged.watermark is None:
            merged.watermark = base.watermark
        elif rule["WATERMARKS"] == "INCLUDING":
            raise session.source.error(
                "bad-watermark",
                "the table behind LIKE has a watermark already",
                merged.watermark.span,
                hint="Write OVERWRITING WATERMARKS.",
            )
    if rule["PARTITIONS"] == "INCLUDING" and base.partitioned_by:
        if merged.partitioned_by:
            raise session.source.error(
                "bad-partition",
                "the table behind LIKE is partitioned already",
                merged.partitioned_by[0].span,
                hint="Write EXCLUDING PARTITIONS.",
            )
        merged.partitioned_by = base.partitioned_by
