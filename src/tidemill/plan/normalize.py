"""What stands behind an upsert source: each update gets the row that was before it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlglot import exp

from tidemill.interfaces.connector import Changelog
from tidemill.plan.fuse import alias, column, names, relation, text
from tidemill.plan.keys import state_bound
from tidemill.plan.physical import KIND, FusedStage, OperatorStage, changelog_mode
from tidemill.plan.ranks import HEAD, SEQUENCE
from tidemill.records import dataclass
from tidemill.sql.logical import Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizeStage(OperatorStage):
    """`batch` gives the changes of the relation `<id>_batch` key by key (`h`), in order.

    `differ` says of the relation `<id>_pairs` (`a0`... before, `b0`... now) where rows differ.
    """

    batch: str
    differ: str
    partition: tuple[str, ...]
    keys: tuple[str, ...]
    ttl_ms: int

    @property
    def title(self) -> str:
        """The same in Flink."""
        return "ChangelogNormalize"

    def facts(self) -> dict[str, Any]:
        """Keys, and that the last row of each is kept."""
        return {
            "keys": list(self.keys),
            "changelog": changelog_mode(self.changelog),
            "state": f"the last row of each key; {state_bound('keys', self.ttl_ms)}",
            "sql": self.batch,
        }

    def fingerprint(self) -> tuple[str, ...]:
        """The queries name every stored column."""
        return (self.batch, self.differ)

    @property
    def growing_keys(self) -> tuple[str, ...]:
        """The primary key, unless a TTL forgets it."""
        return () if self.ttl_ms else self.keys


def normalize_stage(
    name: str,
    edge: FusedStage,
    scan: Scan,
    schema: pa.Schema,
    ttl_ms: int,
) -> NormalizeStage:
    """The stage over an upsert source, with the columns `c0`... and `k`."""
    own = names(len(scan.fields))
    places = key_places(scan)
    keys = [own[i] for i in places]
    head = exp.Window(
        this=exp.Min(this=column(SEQUENCE)), partition_by=[column(key) for key in keys]
    )
    rows = exp.Select(expressions=[exp.Star(), alias(head, HEAD)]).from_(relation(f"{name}_batch"))
    rows = rows.where(column(KIND).neq(exp.Literal.number(1)))
    rows = rows.order_by(column(HEAD), column(SEQUENCE))
    pairs = [
        exp.NullSafeNEQ(this=column(f"a{i}"), expression=column(f"b{i}")) for i in range(len(own))
    ]
    differ = exp.Select(expressions=[alias(exp.paren(exp.or_(*pairs)), "differ")])
    return NormalizeStage(
        id=name,
        edges=(edge,),
        schema=schema,
        changelog=Changelog(True),
        batch=text(rows),
        differ=text(differ.from_(relation(f"{name}_pairs"))),
        partition=tuple(keys),
        keys=scan.table.primary_key,
        ttl_ms=ttl_ms,
        where=scan.where,
    )


def key_places(scan: Scan) -> tuple[int, ...]:
    """Where the columns of the primary key stand."""
    columns = [field.name for field in scan.fields]
    return tuple(columns.index(name) for name in scan.table.primary_key)
