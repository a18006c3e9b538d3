"""Commits of a table against other writers: compare-and-swap, and what to do after a conflict."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidemill.records import dataclass

if TYPE_CHECKING:
    from pyiceberg.table import Table, Transaction


@dataclass(slots=True)
class Clash:
    """Whether somebody else committed first."""

    met: bool = False


@contextmanager
def conflicts(table: Table, pause_s: float) -> Iterator[Clash]:
    """Note a conflict instead of raising it, and see what is there now."""
    from pyiceberg.exceptions import CommitFailedException  # noqa: PLC0415 - an extra

    clash = Clash()
    try:
        yield clash
    except CommitFailedException:
        clash.met = True
        time.sleep(pause_s)
        table.refresh()


def commit(
    table: Table, transaction: Transaction, key: str = "", expected: str | None = None
) -> None:
    """Commit a transaction if the property `key` still is `expected` (None: not there).

    Raises CommitFailedException where it is not, or where another writer was faster; what was
    written for the attempt is removed then.
    """
    from pyiceberg.exceptions import CommitFailedException  # noqa: PLC0415 - an extra
    from pyiceberg.table.update import (  # noqa: PLC0415
        AssertTableUUID,
        ValidatableTableRequirement,
    )

    class AssertProperty(ValidatableTableRequirement):  # type: ignore[misc]
        """Checked by the catalog on the very metadata that its compare-and-swap replaces."""

        type: str = "assert-property"

        def validate(self, base_metadata: object) -> None:
            properties = getattr(base_metadata, "properties", {})
            if properties.get(key) != expected:
                raise CommitFailedException(f"the property {key} has changed")

    requirements = (
        *transaction._requirements,
        AssertTableUUID(uuid=table.metadata.table_uuid),
        AssertProperty(),
    )
    try:
        table._do_commit(transaction._updates, requirements)
    except CommitFailedException:
        for producer in transaction._snapshot_producers:
            producer._clean_all_uncommitted()
        raise
