"""Measures a tree of processes from outside: CPU seconds, peak memory, wall time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import psutil

INTERVAL_S = 0.1


@dataclass(frozen=True, slots=True)
class Usage:
    """What a tree of processes used between start and stop."""

    wall_s: float
    cpu_s: float
    memory_peak_bytes: int


class TreeMeter:
    """Samples the given processes and all their descendants until stopped.

    CPU of a process that ended between two samples counts up to its last sample, so a short-lived
    tail (under 0.1 s) can be missed; memory is the sum of resident sizes.
    """

    def __init__(self, pids: list[int]) -> None:
        self._roots = [psutil.Process(pid) for pid in pids]
        self._cpu: dict[int, float] = {}
        self._first: dict[int, float] = {}
        self._peak = 0
        self._stop = threading.Event()
        self._started_s = time.perf_counter()
        self._sample(first=True)
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def add(self, pid: int) -> None:
        """Measure another tree too, from the begin of its process on."""
        self._roots.append(psutil.Process(pid))

    def stop(self) -> Usage:
        """Stop sampling and say what was used since the start."""
        self._stop.set()
        self._thread.join()
        self._sample()
        cpu = sum(seconds - self._first.get(pid, 0.0) for pid, seconds in self._cpu.items())
        return Usage(time.perf_counter() - self._started_s, cpu, self._peak)

    def _loop(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            self._sample()

    def _sample(self, first: bool = False) -> None:
        memory = 0
        for root in self._roots:
            for process in self._tree(root):
                try:
                    times = process.cpu_times()
                    memory += process.memory_info().rss
                except psutil.Error:
                    continue
                self._cpu[process.pid] = times.user + times.system
                if first:
                    self._first[process.pid] = times.user + times.system
        self._peak = max(self._peak, memory)

    @staticmethod
    def _tree(root: psutil.Process) -> list[psutil.Process]:
        try:
            return [root, *root.children(recursive=True)]
        except psutil.Error:
            return []
