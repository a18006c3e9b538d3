"""One Kafka and one Postgres behind relays for all short slices."""

from collections.abc import Iterator

import pytest

from tidemill.control.chaos.servers import ChaosServers


@pytest.fixture(scope="package")
def chaos_servers(tmp_path_factory) -> Iterator[ChaosServers]:
    made = ChaosServers(tmp_path_factory.mktemp("chaos") / ".tidemill", lambda _: None)
    yield made
    made.close()
