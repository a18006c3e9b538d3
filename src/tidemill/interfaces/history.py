"""What is proven where a table is read after its history: no row missing, and none twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidemill.model import JsonValue, Position
from tidemill.records import dataclass

HISTORY_TABLE = "scan.history.table"
"""The option of a source table that names the table to be read first."""

HISTORY = "history"
"""The partition under which a source keeps where its history stands, beside those of the topic."""


@dataclass(frozen=True, slots=True)
class HistoryProof:
    """Where the history of one table stands, and what lies on both sides of the fence.

    `fence` is the offset of each partition before which rows come from the history and from which
    on they come from the topic; with `lsn` the same is told by each change's place in the log of
    the database. `earliest` is the first offset that the topic held when reading of it began.
    """

    table: str
    """The history's name."""
    done: bool
    rows: int = 0
    """Rows that came out of the history."""
    overlap_history: int = 0
    """Rows of the history that lie behind the fence, and come from the topic."""
    overlap_topic: int = 0
    """Messages of the topic whose rows the history holds."""
    fence: Mapping[str, int] | None = None
    earliest: Mapping[str, int] | None = None
    lsn: str | None = None

    @classmethod
    def of(cls, positions: Mapping[str, Position]) -> HistoryProof | None:
        """What the stored positions of a table say; None where it has no history."""
        position = positions.get(HISTORY)
        if not isinstance(position, dict) or not isinstance(position.get("proof"), dict):
            return None
        kept: Any = position["proof"]
        try:
            return cls(**kept, overlap_topic=sum(_left_out(at) for at in positions.values()))
        except TypeError:
            return None

    @classmethod
    def of_all(cls, positions: Mapping[str, Mapping[str, Position]]) -> dict[str, HistoryProof]:
        """By table, of the positions of all tables."""
        found = {table: cls.of(dict(at)) for table, at in list(positions.items())}
        return {table: proof for table, proof in found.items() if proof is not None}

    def kept(self) -> dict[str, JsonValue]:
        """As it stands in the position; what is left out of the topic stands in the topic's own."""
        return {
            "table": self.table, "done": self.done, "rows": self.rows,
            "overlap_history": self.overlap_history,
            "fence": None if self.fence is None else dict(self.fence),
            "earliest": None if self.earliest is None else dict(self.earliest),
            "lsn": self.lsn,
        }  # fmt: skip

    def as_dict(self) -> dict[str, JsonValue]:
        """For `--json`."""
        gap: JsonValue = "none" if self.done else None
        return {**self.kept(), "overlap_topic": self.overlap_topic, "gap": gap}

    def sentences(self, table: str) -> list[str]:
        """The proof, for people; `table` is the one that is read."""
        state = "has been read" if self.done else "is being read"
        found = [
            f"{table}: the history {self.table} {state}: {self.rows:,} rows, "
            f"{self.overlap_history:,} behind the fence left out"
        ]
        if not self.done:
            return found
        if self.lsn is not None:
            found.append(
                f"{table}: the topic goes on behind {self.lsn}: {self.overlap_topic:,} changes up "
                "to there left out"
            )
        places = [
            f"partition {name} from offset {offset:,}{self._held(name)}"
            for name, offset in sorted((self.fence or {}).items(), key=_by_number)
        ]
        if places:
            found.append(f"{table}: the topic goes on in {'; '.join(places)}")
        found.append(f"{table}: no gap, nothing twice")
        return found

    def _held(self, name: str) -> str:
        first = (self.earliest or {}).get(name)
        return "" if first is None else f" (it held all from {first:,} on)"


def _left_out(position: Position) -> int:
    fence = position.get("fence") if isinstance(position, dict) else None
    count = fence.get("left_out") if isinstance(fence, dict) else None
    return count if isinstance(count, int) else 0


def _by_number(item: tuple[str, int]) -> tuple[int, str]:
    return (int(item[0]) if item[0].isdigit() else -1), item[0]
