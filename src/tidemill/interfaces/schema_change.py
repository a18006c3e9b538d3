"""Changes of a source table's columns or key that reading went on behind, in its positions."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.interfaces.options import Option, OptionType
from tidemill.model import JsonValue, Position
from tidemill.records import dataclass

BEHAVIOR = Option(
    "schema.change.behavior",
    OptionType.ENUM,
    "What becomes of a change of the table's columns or key: `fail` stops before the first row "
    "behind it; `ignore` keeps the declared columns, with NULL for one that is gone; `evolve` "
    "goes on where the declared columns hold all values as before.",
    default="evolve",
    choices=("evolve", "ignore", "fail"),
)
"""The option of sources that see such changes; the name is Flink CDC's."""
_KEPT_MAX = 20


@dataclass(frozen=True, slots=True)
class SchemaChanges:
    """How many there were, and the newest of them: where in the log, and what."""

    count: int = 0
    newest: tuple[tuple[str, str], ...] = ()

    def and_one(self, place: str, what: str) -> SchemaChanges:
        """These and a later one."""
        return SchemaChanges(self.count + 1, (*self.newest, (place, what))[-_KEPT_MAX:])

    def kept(self) -> JsonValue:
        """As it stands in a position."""
        return {"count": self.count, "newest": [[place, what] for place, what in self.newest]}

    @classmethod
    def of(cls, position: Position) -> SchemaChanges:
        """What a stored position says; none where it says nothing."""
        kept = position.get("schema_changes") if isinstance(position, dict) else None
        if not isinstance(kept, dict):
            return cls()
        count, newest = kept.get("count"), kept.get("newest")
        if not isinstance(count, int) or not isinstance(newest, list):
            return cls()
        return cls(
            count, tuple((str(one[0]), str(one[1])) for one in newest if isinstance(one, list))
        )

    @classmethod
    def of_all(cls, positions: Mapping[str, Mapping[str, Position]]) -> dict[str, SchemaChanges]:
        """By table, of the positions of all tables; only those that had some."""
        found = {
            table: cls.of(position)
            for table, parts in list(positions.items())
            for position in list(parts.values())
        }
        return {table: changes for table, changes in found.items() if changes.count}

    def as_dict(self) -> dict[str, JsonValue]:
        """For `--json`."""
        newest: list[JsonValue] = [{"at": place, "change": what} for place, what in self.newest]
        return {"count": self.count, "newest": newest}
