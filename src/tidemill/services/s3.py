"""An S3 store on loopback: S3Proxy over a folder, with a generated keys and the buckets one names.

Guarantees: signed requests only (SigV4, path style); multipart uploads, listing by pages and
conditional writes as S3 has them; the objects outlive restarts and `kill -9`, since each is written
beside its place and renamed into it.
Non-guarantees: no versioning of objects, no notifications (`tidemill lake watch` lists instead), no
TLS (loopback only), and no key that leads out of its bucket (`../x` is refused).
"""

from __future__ import annotations

import http.client
import secrets
import signal
from collections.abc import Mapping
from pathlib import Path

from tidemill.interfaces.service import Command, Endpoint
from tidemill.services.context import ServiceContext
from tidemill.services.install import class_path
from tidemill.services.jvm import jvm_command, write_properties
from tidemill.services.ports import HOST, choose_ports
from tidemill.services.settings import refuse_reserved
from tidemill.services.state import read_json, write_json, write_private

HEAP_MB = 256
REGION = "us-east-1"
BUCKET = "lake"
"""The bucket that is always there; the setting `buckets` names others."""

_RESERVED = (
    "s3proxy.endpoint",
    "s3proxy.secure-endpoint",
    "s3proxy.authorization",
    "s3proxy.identity",
    "s3proxy.credential",
    "jclouds.provider",
    "jclouds.filesystem.basedir",
)


class S3:
    """A single S3Proxy over the server's own folder."""

    name = "s3"
    depends_on: tuple[str, ...] = ()
    installs = ("s3",)
    disk_min_bytes = 20 * 1024 * 1024
    death_signal = int(signal.SIGKILL)

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._folder = Path()
        self._port = 0

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Write the configuration; make the keys and the bucket before the first start."""
        self._folder = data
        settings = self._context.settings
        refuse_reserved(self.name, settings, _RESERVED)
        ports = choose_ports(self.name, ("http",), data, settings.port, self._context.note)
        self._port = ports["http"]
        access_key, secret_key = _keys(data)
        # S3Proxy keeps a bucket as a folder, so these need no request.
        for bucket in (BUCKET, *settings.buckets):
            (data / "objects" / bucket).mkdir(parents=True, exist_ok=True)
        url = f"http://{HOST}:{self._port}"
        values = {
            "s3proxy.endpoint": url,
            "s3proxy.authorization": "aws-v4",
            "s3proxy.identity": access_key,
            "s3proxy.credential": secret_key,
            "jclouds.provider": "filesystem",
            "jclouds.filesystem.basedir": str(data / "objects"),
            **settings.properties,
        }
        write_private(data / "s3proxy.properties", write_properties(values))
        properties = {
            "endpoint": url,
            "region": REGION,
            "bucket": BUCKET,
            "path-style-access": "true",
            "access-key": access_key,
        }
        return Endpoint(HOST, ports, properties, {"secret-key": secret_key})

    def command(self) -> Command:
        """The server process."""
        return jvm_command(
            self._folder,
            self._context.settings.heap_mb or HEAP_MB,
            class_path("s3"),
            "org.gaul.s3proxy.Main",
            ["--properties", str(self._folder / "s3proxy.properties")],
            # Else its logger tells how it was set up.
            {"logback.statusListenerClass": "ch.qos.logback.core.status.NopStatusListener"},
        )

    def ready(self) -> bool:
        """Whether requests are answered, and one without a signature is refused."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=3)
        try:
            connection.request("GET", f"/{BUCKET}?max-keys=1")
            return connection.getresponse().status == http.client.FORBIDDEN
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop_signal(self) -> int:
        """SIGTERM: requests under way are served to their end."""
        return int(signal.SIGTERM)


def _keys(folder: Path) -> tuple[str, str]:
    """The key pair, made once; in the form of AWS keys, which some clients check."""
    path = folder / "keys.json"
    kept = read_json(path)
    if isinstance(kept, dict) and {"access-key", "secret-key"} <= kept.keys():
        return str(kept["access-key"]), str(kept["secret-key"])
    made = {
        "access-key": "TM" + secrets.token_hex(9).upper(),
        "secret-key": secrets.token_urlsafe(30),
    }
    write_json(path, made)
    return made["access-key"], made["secret-key"]
