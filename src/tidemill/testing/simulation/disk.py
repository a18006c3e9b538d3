"""The folder of checkpoints: real files, a disk that fills, files torn or lost at a power cut."""

from __future__ import annotations

import errno
from pathlib import Path

from tidemill.engine.checkpoint import Checkpoint, CheckpointStore
from tidemill.testing.simulation.world import Decided, World


class SimulatedDisk(CheckpointStore):
    """The real store, whose files the world damages, and which tells the world what it wrote.

    A file that was not flushed before the engine died may lie there torn.
    """

    def __init__(self, world: World, folder: Path) -> None:
        super().__init__(folder)
        self._world = world
        self._unflushed: Path | None = None
        world.on_death.append(self._power_cut)

    def write(self, checkpoint: Checkpoint) -> int:
        """Write, and tell the world."""
        world = self._world
        if checkpoint.epoch in world.written:
            world.anomaly(f"epoch {checkpoint.epoch} is used twice")
        self._unflushed = self.path(checkpoint.epoch)
        size = super().write(checkpoint)
        manifest = checkpoint.manifest
        world.written.add(checkpoint.epoch)
        world.checkpoints[checkpoint.epoch] = Decided(
            manifest["decided_by"],
            dict(manifest["group_epochs"]),
            {table: dict(parts) for table, parts in manifest["positions"].items()},
            manifest["watermarks"],
            dict(manifest["counters"]),
        )
        by = manifest["decided_by"] or "itself"
        world.note(f"checkpoint {checkpoint.epoch}, to be decided by {by}: {size} bytes")
        return size

    def _put(self, fd: int, chunk: memoryview) -> None:
        if "full" in self._world.happen("disk"):
            super()._put(fd, chunk[: len(chunk) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        super()._put(fd, chunk)

    def _flush(self, fd: int) -> None:
        self._unflushed = None

    def _flush_folder(self) -> None:
        """The folder lies in memory."""

    def _power_cut(self) -> None:
        """What was not flushed is torn, wherever the file stands by now."""
        path = self._unflushed
        if path is None:
            return
        for file in (path, path.with_suffix(".tmp")):
            if file.exists():
                data = file.read_bytes()
                file.write_bytes(data[: self._world.rng.randrange(len(data) + 1)])
                self._world.note(f"{file.name} is torn")


class Backup:
    """The newest checkpoint as it was before the disk lost or damaged it."""

    def __init__(self, world: World, disk: CheckpointStore, how: str) -> None:
        """Lose, cut off or change the newest checkpoint; `how` says which."""
        self._world = world
        self._disk = disk
        epochs = disk.epochs()
        self.epoch = epochs[-1] if epochs else None
        if self.epoch is None:
            return
        path = disk.path(self.epoch)
        self._data = path.read_bytes()
        self._known = world.checkpoints.pop(self.epoch, None)
        world.written.discard(self.epoch)
        world.note(f"checkpoint {self.epoch} is {how}")
        world.happened[f"the newest checkpoint is {how}"] += 1
        if how == "lost":
            path.unlink()
            world.emptied = not disk.epochs()
            world.written = {epoch for epoch in world.written if epoch <= disk.highest()}
            return
        at = world.rng.randrange(len(self._data))
        changed = bytearray(self._data[:at] if how == "torn" else self._data)
        if how == "damaged":
            changed[at] ^= 1 << world.rng.randrange(8)
        path.write_bytes(changed)

    def put_back(self) -> None:
        """Restore the file from the backup."""
        if self.epoch is None:
            return
        self._world.note(f"checkpoint {self.epoch} is put back")
        self._world.emptied = False
        self._disk.path(self.epoch).write_bytes(self._data)
        self._world.written.add(self.epoch)
        if self._known is not None:
            self._world.checkpoints[self.epoch] = self._known
