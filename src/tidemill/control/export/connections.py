"""The exported project's `tidemill.yaml`: connections where the project had servers of its own.

Pipelines refer to `${server:kafka.bootstrap}` as before. Every address can be overridden by an
environment variable; secrets are environment variables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tidemill.control.export.servers import USER

FLINK_ADDRESSES = {
    "compose": ("http://flink-gateway:8083", "http://flink-jobmanager:8081"),
    "kubernetes": ("http://flink-gateway:8083", "http://flink-rest:8081"),
}


def connections(servers: tuple[str, ...], database: str, target: str) -> dict[str, dict[str, str]]:
    """The connections of these servers, by name."""
    gateway, jobmanager = FLINK_ADDRESSES[target]
    known: Mapping[str, dict[str, str]] = {
        "postgres": {
            "host": "${env:POSTGRES_HOST:-postgres}",
            "port": "${env:POSTGRES_PORT:-5432}",
            "user": "${env:POSTGRES_USER:-" + USER + "}",
            "database": "${env:POSTGRES_DB:-" + database + "}",
            "password": "${env:POSTGRES_PASSWORD}",
        },
        "kafka": {"bootstrap.servers": "${env:KAFKA_BOOTSTRAP_SERVERS:-kafka:9092}"},
        "connect": {"url": "${env:CONNECT_URL:-http://connect:8083}"},
        # The one in a container asks for no login, and heeds none; SQL may refer to it.
        "registry": {
            "url": "${env:REGISTRY_URL:-http://registry:8080/apis/ccompat/v7}",
            "user": "${env:REGISTRY_USER:-" + USER + "}",
            "password": "${env:REGISTRY_PASSWORD:-none}",
        },
        "redis": {
            "host": "${env:REDIS_HOST:-redis}",
            "port": "${env:REDIS_PORT:-6379}",
            "user": "default",
            "url": "${env:REDIS_URL:-redis://redis:6379/0}",
            "password": "${env:REDIS_PASSWORD}",
        },
        "s3": {
            "endpoint": "${env:S3_ENDPOINT:-http://s3:9000}",
            "region": "${env:S3_REGION:-us-east-1}",
            "bucket": "${env:S3_BUCKET:-lake}",
            "access-key": "${env:S3_ACCESS_KEY}",
            "secret-key": "${env:S3_SECRET_KEY}",
        },
        "flink": {"gateway-url": gateway, "jobmanager-url": jobmanager},
    }
    return {name: known[name] for name in servers if name in known}


def write_project_file(source: Path, target: Path, made: Mapping[str, Mapping[str, str]]) -> None:
    """Write the project's file without its servers; connections that it has already stay."""
    yaml = YAML()
    yaml.preserve_quotes = True
    content: dict[str, Any] = yaml.load(source) or {}
    content.pop("servers", None)
    given = content.get("connections") or {}
    content["connections"] = {**{k: dict(v) for k, v in made.items() if k not in given}, **given}
    with target.open("w", encoding="utf-8") as out:
        yaml.dump(content, out)
