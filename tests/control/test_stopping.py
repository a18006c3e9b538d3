"""Ctrl-C reaches a waiting use case, whatever it is doing at that moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tidemill.control.stopping import stop_on_signals

TRIES = 300
SIGNALS_FROM_OUTSIDE = (
    "import os, sys\nfor line in sys.stdin:\n    os.kill(os.getppid(), int(line))\n"
)


@pytest.mark.timeout(60)
def test_a_signal_in_the_midst_of_a_wait_is_seen() -> None:
    """From another process, as only then it may come between any two steps of a wait.

    Where the handler itself sets the event, the main thread waits for a lock of its own.
    """
    command = [sys.executable, "-c", SIGNALS_FROM_OUTSIDE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True, bufsize=1) as sender:
        assert sender.stdin is not None
        for number in [signal.SIGINT, signal.SIGTERM] * (TRIES // 2):
            with stop_on_signals() as stopping:
                print(int(number), file=sender.stdin)
                limit = time.monotonic() + 20
                while not stopping.wait(1e-6):
                    assert time.monotonic() < limit
        sender.stdin.close()


def test_a_second_signal_interrupts() -> None:
    with pytest.raises(KeyboardInterrupt), stop_on_signals() as stopping:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping.wait(20)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(20)
