"""Logins that are made at a server's first start and kept in its folder, for its owner alone."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from tidemill.services.state import read_json, write_json

USER = "tidemill"
"""The one user of a server whose user has no rights to set it apart from others."""


def generated_password(folder: Path) -> str:
    """The password of `USER`: made once, kept in the server's folder (mode 0600)."""
    kept = read_json(folder / "credentials.json")
    if isinstance(kept, dict) and isinstance(kept.get("password"), str):
        return str(kept["password"])
    password = secrets.token_urlsafe(24)
    write_json(folder / "credentials.json", {"user": USER, "password": password})
    return password


def basic_authorization(password: str, user: str = USER) -> dict[str, str]:
    """The header of HTTP's basic authentication (RFC 7617)."""
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}
