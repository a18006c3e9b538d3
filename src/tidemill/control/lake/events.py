"""Records of what happened to objects, in the JSON of S3's notifications.

The form is MinIO's for Kafka: `EventName`, `Key` (bucket and key) and `Records`, each of which is
an S3 event record (version 2.0). The key in a record is URL-encoded, as S3 does it.
"""

from __future__ import annotations

import datetime
import json
from typing import Any
from urllib.parse import quote_plus

from tidemill.records import dataclass
from tidemill.stores import ObjectInfo

CREATED, COMPLETED, REMOVED = (
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:Delete",
)


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """The version of an object that was last told of."""

    etag: str
    size: int
    modified: str
    sequencer: str

    @classmethod
    def from_json(cls, content: bytes) -> SeenVersion:
        """As `to_json` wrote it."""
        found = json.loads(content)
        return cls(found["etag"], found["size"], found["modified"], found["sequencer"])

    def to_json(self) -> bytes:
        """For the state topic."""
        return json.dumps(
            {
                "etag": self.etag,
                "size": self.size,
                "modified": self.modified,
                "sequencer": self.sequencer,
            }
        ).encode()

    def is_of(self, info: ObjectInfo) -> bool:
        """Whether this is the version that the store has now."""
        return (self.etag, self.size, self.modified) == (info.etag, info.size, _iso(info.modified))


def version_of(info: ObjectInfo, sequencer: str) -> SeenVersion:
    """The version that a list shows."""
    return SeenVersion(info.etag, info.size, _iso(info.modified), sequencer)


def created(bucket: str, key: str, version: SeenVersion, region: str) -> bytes:
    """The event of a new version."""
    name = COMPLETED if "-" in version.etag else CREATED
    described = {"size": version.size, "eTag": version.etag}
    return _event(name, bucket, key, version.modified, described, version.sequencer, region)


def removed(bucket: str, key: str, at: datetime.datetime, sequencer: str, region: str) -> bytes:
    """The event of an object that is gone."""
    return _event(REMOVED, bucket, key, _iso(at), {}, sequencer, region)


def _event(
    name: str,
    bucket: str,
    key: str,
    time: str,
    described: dict[str, Any],
    sequencer: str,
    region: str,
) -> bytes:
    record = {
        "eventVersion": "2.0",
        "eventSource": "tidemill:s3",
        "awsRegion": region,
        "eventTime": time,
        "eventName": name,
        "userIdentity": {"principalId": ""},
        "requestParameters": {},
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "tidemill",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": ""},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": {"key": quote_plus(key, safe="/"), **described, "sequencer": sequencer},
        },
    }
    whole = {"EventName": name, "Key": f"{bucket}/{key}", "Records": [record]}
    return json.dumps(whole, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _iso(moment: datetime.datetime) -> str:
    utc = moment.astimezone(datetime.UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03}Z"
