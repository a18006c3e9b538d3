"""One trial: a schedule over one scene, with what must hold asked after each action."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import field

from tidemill.control.chaos.faults import FAULTS
from tidemill.control.chaos.model import Action, Broken, Done, Step
from tidemill.control.chaos.scene import Scene
from tidemill.control.chaos.schedule import line
from tidemill.records import dataclass

_POLL_S = 0.01


@dataclass
class Trial:
    """What happened; `broken` is everything that did not hold."""

    scene: Scene
    said: Callable[[Done], None]
    recover_within_s: float
    done: list[Done] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    begun_at: float = field(default_factory=time.monotonic)

    def run(self, schedule: Iterable[Action], enough: Callable[[], bool]) -> None:
        """Take actions until there are no more, or `enough`, or something does not hold."""
        scene = self.scene
        scene.engine.start()
        scene.feed.start()
        if self._recovery(0) is None:
            self.broken.append(self._stuck())
            return
        for action in schedule:
            if enough():
                break
            self._take(action)
            if self.broken:
                return
        scene.feed.stop()
        self.broken += scene.check.end()

    def _take(self, action: Action) -> None:
        scene = self.scene
        kills, begun_s = scene.kills, self._now_s
        scene.notes.clear()
        scene.wrong.clear()
        with ExitStack() as held:
            self._inject(action.first, held)
            if action.second is not None:
                self._inject(action.second, held)
        healed_s, newest = self._now_s, scene.engine.newest()
        recovery_s = self._recovery(newest)
        broken = [Broken("loud", text) for text in scene.wrong]
        broken += [self._stuck()] if recovery_s is None else scene.check.now()
        done = Done(
            len(self.done) + 1, line(action), action.first.fault,
            None if action.second is None else action.second.fault,
            round(begun_s, 2), round(healed_s, 2),
            None if recovery_s is None else round(recovery_s, 3),
            scene.kills - kills, tuple(scene.notes), tuple(broken),
        )  # fmt: skip
        self.done.append(done)
        self.actions.append(action)
        self.broken += broken
        self.said(done)

    def _inject(self, step: Step, held: ExitStack) -> None:
        time.sleep(step.wait_s)
        held.enter_context(FAULTS[step.fault].inject(self.scene, step.given))
        time.sleep(step.hold_s)

    def _recovery(self, newest: int) -> float | None:
        """Seconds until an epoch after `newest` was durable, that then came into every sink.

        None: not in time.
        """
        engine, begun_at = self.scene.engine, time.monotonic()
        durable_s: float | None = None
        starts = engine.starts
        while (now_s := time.monotonic() - begun_at) < self.recover_within_s:
            self.scene.tend()
            if engine.starts != starts:
                durable_s, starts = None, engine.starts
            ahead = engine.newest() - newest
            if ahead > 0 and durable_s is None:
                durable_s = now_s
            if (
                durable_s is not None
                and engine.alive
                and (ahead > 1 or engine.committed() > newest)
            ):
                return self._arrived(begun_at, durable_s)
            time.sleep(_POLL_S)
        return None

    def _arrived(self, begun_at: float, durable_s: float) -> float | None:
        """With a capture in front an epoch may hold what stood in the topic before.

        So a row that is written now must come through the whole chain.
        """
        capture = self.scene.capture
        if capture is None:
            return durable_s
        within_s = self.recover_within_s - (time.monotonic() - begun_at)
        return time.monotonic() - begun_at if capture.arrives(self.scene.tend, within_s) else None

    def _stuck(self) -> Broken:
        engine = self.scene.engine
        within = f"{self.recover_within_s:.0f} s"
        said = f"nothing new came into the sinks within {within}; see {engine.log}"
        return Broken("progress", said + (f"; it ends with {engine.ends}" if engine.ends else ""))

    @property
    def _now_s(self) -> float:
        return time.monotonic() - self.begun_at
