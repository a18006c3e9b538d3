"""Schemas of the project's registry: subjects, versions, what differs, what may follow."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from tidemill.console.hub import Hub
from tidemill.control.schema_difference import schema_difference
from tidemill.control.schemas import (
    check_schema_text,
    list_subjects,
    show_schema,
)


class Candidate(BaseModel):
    """A schema that might become the next version of a subject; JSON is JSON Schema."""

    subject: str
    text: str
    kind: Literal["AVRO", "PROTOBUF", "JSON"] = "AVRO"


def router(hub: Hub) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/schemas", tags=["schemas"])

    @routes.get("")
    def subjects() -> list[dict[str, Any]]:
        """All subjects with their versions and rules."""
        return [asdict(one) for one in list_subjects(hub.registry)]

    @routes.get("/{subject}/versions/{version}")
    def version(subject: str, version: int) -> dict[str, Any]:
        """One version of a subject."""
        return asdict(show_schema(hub.registry, subject, version))

    @routes.get("/{subject}/difference")
    def difference(subject: str, before: int, after: int) -> dict[str, Any]:
        """What differs between two versions, line by line."""
        return schema_difference(hub.registry, subject, before, after).as_dict()

    @routes.post("/compatibility")
    def compatibility(body: Candidate) -> dict[str, Any]:
        """Whether a schema may follow a subject's latest one, and why not; changes nothing."""
        return asdict(check_schema_text(hub.registry, body.subject, body.text, body.kind))

    return routes
