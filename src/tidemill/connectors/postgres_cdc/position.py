"""What a position of `postgres-cdc` holds.

In the snapshot: the place in the log that it is of, the key of the last row, and the parts that
were read as of earlier places (a snapshot that was cut off goes on as of a newer one). In the log:
the place before which everything is taken, and how many changes of the transaction that commits
there. Both name the database cluster and the publication they belong to.
"""

from __future__ import annotations

from dataclasses import field, replace

from tidemill.errors import ConnectorError, Where
from tidemill.interfaces.schema_change import SchemaChanges
from tidemill.model import JsonValue, Position
from tidemill.model.lsn import lsn_of, lsn_text
from tidemill.records import dataclass

PARTITION = "0"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows read as of one place in the log: up to a key (its columns' texts), or all behind."""

    lsn: int
    upto: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Place:
    """A position, taken apart."""

    origin: tuple[str, str]
    """The cluster's system identifier, and the publication with its entry for the table."""
    lsn: int
    """Of the snapshot, or in the log."""
    snapshot: bool
    after: tuple[str, ...] | None = None
    """In the snapshot: the key of the last row."""
    taken: int = 0
    """In the log: changes taken of the transaction that commits at `lsn`."""
    parts: tuple[Part, ...] = ()
    columns: tuple[tuple[str, str], ...] | None = None
    """The table's columns at this place, with Postgres's types; None where nobody has looked."""
    key: tuple[str, ...] = ()
    schema_changes: SchemaChanges = field(default_factory=SchemaChanges)

    @property
    def confirmable_lsn(self) -> int:
        """The place before which the log is not needed any more."""
        return min([self.lsn, *(part.lsn for part in self.parts)]) if self.snapshot else self.lsn

    def cut_off(self, lsn: int) -> Place:
        """The place in a new snapshot that reads what this one has not."""
        parts = self.parts if self.after is None else (*self.parts, Part(self.lsn, self.after))
        return replace(self, lsn=lsn, parts=parts)

    def streaming(self) -> Place:
        """The place in the log once the snapshot has been read."""
        parts = (*self.parts, Part(self.lsn, None)) if self.parts else ()
        return replace(
            self,
            lsn=self.confirmable_lsn,
            snapshot=False,
            after=None,
            taken=0,
            parts=parts,
            # The log of a snapshot that was cut off begins before the newest description.
            columns=None if parts else self.columns,
        )

    def moved(self, lsn: int, taken: int) -> Place:
        """A later place in the log; what the snapshot holds is forgotten once it is passed."""
        passed = all(part.lsn <= lsn for part in self.parts)
        return replace(self, lsn=lsn, taken=taken, parts=() if passed else self.parts)

    def position(self) -> Position:
        """As it is stored."""
        made: dict[str, JsonValue] = {
            "origin": list(self.origin),
            "lsn": lsn_text(self.lsn),
            "parts": [[lsn_text(p.lsn), _list(p.upto)] for p in self.parts],
        }
        if self.columns is not None:
            made["columns"] = [[name, type_] for name, type_ in self.columns]
            made["key"] = list(self.key)
        if self.schema_changes.count:
            made["schema_changes"] = self.schema_changes.kept()
        return {**made, "after": _list(self.after)} if self.snapshot else made | {
            "taken": self.taken
        }  # fmt: skip


def read_place(position: Position, shown: str, table: str) -> Place:
    """The place that a stored position names; raises ConnectorError where it is none."""
    try:
        if not isinstance(position, dict):
            raise TypeError
        snapshot = "after" in position
        cluster, publication = _texts(position["origin"]) or ()
        parts = []
        for part in position["parts"]:  # type: ignore[union-attr]
            if not isinstance(part, list):
                raise TypeError
            parts.append(Part(lsn_of(part[0]), _texts(part[1])))
        return Place(
            (cluster, publication),
            lsn_of(position["lsn"]),
            snapshot,
            _texts(position["after"]) if snapshot else None,
            0 if snapshot else int(position["taken"]),  # type: ignore[arg-type]
            tuple(parts),
            _columns(position.get("columns")),
            _texts(position.get("key", [])) or (),
            SchemaChanges.of(position),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise ConnectorError(
            f"`{position}` is no position in the log of {shown}",
            code="connector.bad-position",
            where=Where(server=shown, table=table),
            hint="It was stored for another table; start the pipeline anew.",
        ) from None


def _columns(kept: JsonValue) -> tuple[tuple[str, str], ...] | None:
    if kept is None:
        return None
    if not isinstance(kept, list):
        raise TypeError
    pairs = [_texts(one) or () for one in kept]
    return tuple((name, type_) for name, type_ in pairs)


def _list(key: tuple[str, ...] | None) -> JsonValue:
    return None if key is None else list(key)


def _texts(value: JsonValue) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise TypeError
    return tuple(str(one) for one in value)
