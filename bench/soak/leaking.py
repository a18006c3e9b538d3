"""`tidemill` that leaks on purpose, memory, file handles and threads: the check has to find it."""

from __future__ import annotations

import os
import threading
import time
from io import BufferedReader

from tidemill.cli.main import main

_KEPT: list[bytearray | BufferedReader] = []


def _leak() -> None:
    number = 0
    while True:
        time.sleep(1)
        number += 1
        _KEPT.append(bytearray(os.urandom(1_000_000)))
        if number % 5 == 0:
            _KEPT.append(open(os.devnull, "rb"))  # noqa: SIM115, PTH123 - it is to stay open


if __name__ == "__main__":
    threading.Thread(target=_leak, daemon=True).start()
    main()
