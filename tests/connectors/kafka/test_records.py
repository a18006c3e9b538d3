"""Writing single messages from the main thread: Ctrl-C is not lost while they are acknowledged."""

import os
import signal
import threading
import time

import pytest

from tidemill.connectors.kafka.records import NewRecord, write_records
from tidemill.errors import ConnectorError


@pytest.mark.servers
def test_ctrl_c_while_messages_are_acknowledged(bench) -> None:
    """Confluent's client loses what a signal's handler raises while it calls back."""

    def records():
        for number in range(1000):
            yield NewRecord(str(number).encode())
        threading.Timer(0.001, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        write_records(bench.admin, bench.topic, records())
        time.sleep(5)  # it may have been quicker than the signal


@pytest.mark.servers
def test_a_message_that_the_broker_refuses_is_told(bench) -> None:
    narrow = f"{bench.topic}-narrow"
    bench.admin.create(narrow, partitions=1, settings={"max.message.bytes": "1000"})
    with pytest.raises(ConnectorError, match=f"write to {narrow}"):
        write_records(bench.admin, narrow, [NewRecord(b"x" * 5_000)])
