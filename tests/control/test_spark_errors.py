"""What is said of a Spark process that left no report."""

from __future__ import annotations

import signal
from pathlib import Path

from tidemill.control.spark_errors import last_words

LOG = """26/01/01 WARN something
java.net.BindException: Address already in use
\tat sun.nio.ch.Net.bind0(Native Method)
\t... 8 more

"""


def test_the_last_line_that_is_no_frame_is_named(tmp_path: Path) -> None:
    log = tmp_path / "spark.log"
    log.write_text(LOG, encoding="utf-8")
    assert last_words(log, 1) == "java.net.BindException: Address already in use"
    log.write_text("", encoding="utf-8")
    assert last_words(log, 1) == "it ended without a word"


def test_a_signal_is_named(tmp_path: Path) -> None:
    log = tmp_path / "spark.log"
    log.write_text(LOG, encoding="utf-8")
    assert last_words(log, -signal.SIGKILL).startswith("the process was ended by SIGKILL; the mach")
    assert last_words(log, -signal.SIGTERM) == "the process was ended by SIGTERM"
