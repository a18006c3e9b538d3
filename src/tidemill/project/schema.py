"""The JSON Schema of tidemill.yaml, for editors; it is made from the model."""

from __future__ import annotations

import json
from typing import Any

from tidemill.project.model import SERVERS, ProjectFile


def json_schema() -> dict[str, Any]:
    """The schema as data (JSON Schema, draft 2020-12)."""
    schema = ProjectFile.model_json_schema()
    for name in SERVERS:
        schema["$defs"]["Servers"]["properties"][name].setdefault("default", None)
    # A key without a value (`postgres:`) stands for all defaults.
    servers = schema["properties"]["servers"]
    schema["properties"]["servers"] = {"anyOf": [servers, {"type": "null"}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def json_schema_text() -> str:
    """The schema as the text of docs/reference/tidemill.schema.json."""
    return json.dumps(json_schema(), indent=2) + "\n"
