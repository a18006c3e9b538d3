"""What is known about a pipeline's last job on Flink: `.tidemill/pipelines/<name>/flink.json`.

Guarantees: the file is written whole and renamed; who stops a job by whatever verb leaves its
savepoint here, so that the next run of the pipeline goes on from it.
"""

from __future__ import annotations

import json
import os
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tidemill.errors import UserError, Where

FILE = "flink.json"


class FlinkMemory:
    """The file, and its values: job_id, savepoint, checkpoint, restored_from."""

    def __init__(self, folder: Path) -> None:
        self.pipeline = folder.name
        self._file = folder / FILE
        self.value: dict[str, Any] = {}
        self.read()

    def read(self) -> None:
        """Read it again: another process may have stopped the job."""
        try:
            self.value = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.value = {}

    @property
    def job_id(self) -> str | None:
        """The pipeline's last job."""
        found = self.value.get("job_id")
        return str(found) if found else None

    def keep(self, **changes: Any) -> None:
        """Change it, on disk too; whole or not at all."""
        self.read()
        self.value = {**self.value, **changes}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        fresh.write_text(json.dumps(self.value, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self._file)

    def forget(self) -> None:
        """The job has come to its own end: the next one begins anew."""
        self.keep(job_id=None, savepoint=None, checkpoint=None, restored_from=None)

    def restart_point(self) -> str | None:
        """The last savepoint, else the last checkpoint that is there.

        Raises:
            UserError: the last savepoint, or all that was kept, has been removed. To begin anew
                silently would write every row again.
        """
        kept = [str(self.value[k]) for k in ("savepoint", "checkpoint") if self.value.get(k)]
        for address in kept:
            if _exists(address):
                return address
        if kept:
            raise UserError(
                f"the pipeline {self.pipeline} was stopped at {kept[0]}, which is not there",
                code="runner.savepoint-missing",
                where=Where(file=str(self._file)),
                detail="Without it the job would begin anew and write its rows again.",
                hint=f"Put it back; or remove {self._file.name} to begin anew, after emptying the "
                "sinks.",
            )
        return None


def memories(state_dir: Path) -> Iterator[FlinkMemory]:
    """Those of all pipelines of a project that have run on Flink."""
    for file in sorted((state_dir / "pipelines").glob(f"*/{FILE}")):
        yield FlinkMemory(file.parent)


def _exists(address: str) -> bool:
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("", "file"):
        return True  # only Flink can look there
    return (Path(urllib.parse.unquote(parts.path)) / "_metadata").is_file()
