"""Topics: list, create, alter, empty, delete."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from tidemill.console.api.acting import Asking
from tidemill.console.hub import Hub
from tidemill.console.security.audit import audited
from tidemill.control.topic_admin import alter_topic, empty, topic_views
from tidemill.control.topics import create_topic, delete_topics, describe_topic


class NewTopic(BaseModel):
    """A topic to create; `replication` -1 is the broker's default."""

    name: str
    partitions: int = Field(1, ge=1, le=10_000)
    replication: int = -1
    settings: dict[str, str] = {}


class Altered(BaseModel):
    """Settings to set (null: the broker's default again), and a higher number of partitions."""

    settings: dict[str, str | None] = {}
    partitions: int | None = Field(None, ge=1, le=10_000)


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/topics", tags=["topics"])

    @routes.get("")
    def topics(internal: bool = False) -> list[dict[str, Any]]:
        """All topics with sizes and the pipelines that use them."""
        return [topic.as_dict() for topic in topic_views(hub.cluster, internal=internal)]

    @routes.post("")
    def create(body: NewTopic, asking: Asking) -> dict[str, Any]:
        """Create a topic."""
        with audited(asking, "create topic", body.name):
            create_topic(
                hub.cluster,
                body.name,
                partitions=body.partitions,
                replication=body.replication,
                settings=body.settings,
            )
        return asdict(describe_topic(hub.cluster, body.name))

    @routes.get("/{topic}")
    def describe(topic: str) -> dict[str, Any]:
        """A topic's partitions and own settings."""
        return asdict(describe_topic(hub.cluster, topic))

    @routes.patch("/{topic}")
    def alter(topic: str, body: Altered, asking: Asking) -> dict[str, Any]:
        """Change settings or add partitions."""
        with audited(asking, "alter topic", topic):
            alter_topic(
                hub.cluster, topic, settings=body.settings or None, partitions=body.partitions
            )
        return asdict(describe_topic(hub.cluster, topic))

    @routes.post("/{topic}/empty")
    def empty_(topic: str, asking: Asking) -> dict[str, int]:
        """Delete all messages that it holds now."""
        with audited(asking, "empty topic", topic):
            return {"deleted": empty(hub.cluster, topic)}

    @routes.delete("/{topic}")
    def delete(topic: str, asking: Asking) -> dict[str, str]:
        """Delete the topic with all its messages."""
        with audited(asking, "delete topic", topic):
            delete_topics(hub.cluster, [topic])
        return {"deleted": topic}

    return routes
