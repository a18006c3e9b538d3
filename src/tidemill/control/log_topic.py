"""Logs to Kafka: the handler that a project asks for with `observe: {log_topic: ...}`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tidemill.control.project_context import kafka_properties

if TYPE_CHECKING:
    from tidemill.project import Project


def log_topic(project: Project, dataset: str) -> list[logging.Handler]:
    """The handler, or none where the project names no topic; raises ProjectError without Kafka."""
    topic = project.settings.observe.log_topic
    if topic is None:
        return []
    from tidemill.connectors.kafka.log_topic import TopicLog  # noqa: PLC0415 - loaded when used

    return [TopicLog(kafka_properties(project, None), topic, dataset)]
