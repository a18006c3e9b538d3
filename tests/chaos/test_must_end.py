"""An engine that can keep nothing: it ends, it waits, or it is wrong."""

from collections import Counter
from types import SimpleNamespace

import pytest

from tidemill.control.chaos.scene import Scene


class Engine:
    """Keeps an epoch at each look as long as it `keeps`, and ends after so many looks."""

    def __init__(self, keeps=False, looks=None, code="engine.checkpoint-io"):
        self.keeps, self.looks, self.code = keeps, looks, code
        self.epoch, self.alive, self.killed, self.ends = 7, True, False, Counter()

    def wait_gone(self, limit_s):
        if self.looks is not None:
            self.looks -= 1
            self.alive = self.looks > 0
        return not self.alive

    def newest(self):
        self.epoch += self.keeps
        return self.epoch

    def kill(self):
        self.killed = True

    def last_code(self):
        return self.code


def scene_of(engine):
    return Scene(None, "p", (), SimpleNamespace(kills=0), engine, None, None)


@pytest.mark.parametrize(
    ("engine", "ended", "wrong", "notes"),
    [
        (Engine(looks=3), True, [], []),
        (Engine(looks=3, code="x.y"), True, ["no room gave x.y, not engine.checkpoint-io"], []),
        (Engine(), False, [], ["it waited over no room"]),
        (Engine(keeps=True), True, ["the engine went on over no room"], []),
    ],
)
def test_what_is_wrong(engine, ended, wrong, notes):
    scene, done = scene_of(engine), []
    found = scene.must_end(0.05, "no room", "engine.checkpoint-io", lambda: done.append(1))
    assert (found, scene.wrong, scene.notes) == (ended, wrong, notes)
    assert done
    assert engine.killed is engine.keeps
