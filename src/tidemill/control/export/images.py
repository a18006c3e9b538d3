"""Which image each server is: the official one, at the version that Tidemill itself runs."""

from __future__ import annotations

from tidemill.services.artifacts import server_files, split_coordinates

FLINK = "flink"
_JAVA = "java17"
_PATTERNS = {
    "postgres": "postgres:16",
    "redis": "redis:7.4",
    "kafka": "apache/kafka:{version}",
    "connect": "debezium/connect:{version}",
    "registry": "apicurio/apicurio-registry:{version}",
    "s3": "andrewgaul/s3proxy:{version}",
    "flink": "flink:{version}-" + _JAVA,
}
_ARTIFACTS = {
    "kafka": ("kafka", "kafka_2.13"),
    "connect": ("debezium-postgres", "debezium-connector-postgres"),
    "registry": ("registry", "apicurio-registry-app"),
    "s3": ("s3", "s3proxy"),
    "flink": ("flink", "flink-sql-gateway"),
}
"""The entry of the lock and the artifact whose version the image has."""


def image_of(server: str) -> str:
    """The image of a server, with its tag."""
    return _PATTERNS[server].format(version=version_of(server))


def version_of(server: str) -> str:
    """The version that the lock has of a server; nothing for Postgres and Redis."""
    if server not in _ARTIFACTS:
        return ""
    entry, artifact = _ARTIFACTS[server]
    for file in server_files(entry).files:
        parts = split_coordinates(file.coordinates)
        if parts[1] == artifact:
            return str(parts[2])
    raise AssertionError(f"the lock has no {artifact}")


def flink_jars() -> tuple[tuple[str, str], ...]:
    """What Flink's image lacks: coordinates and SHA-256 of connectors, formats and drivers."""
    return tuple(
        (file.coordinates, file.sha256)
        for file in server_files(FLINK).files
        if "flink-sql-gateway" not in file.coordinates
    )
