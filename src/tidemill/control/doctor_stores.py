"""Use case `doctor`, the part about object stores: do they honour what a lake needs?"""

from __future__ import annotations

from tidemill.control.doctor_servers import Check
from tidemill.control.object_stores import store_options
from tidemill.control.project_context import resolver, running_endpoints
from tidemill.errors import TidemillError
from tidemill.project import Project
from tidemill.stores import StoreUrl
from tidemill.stores.options import parse_options
from tidemill.stores.probe import probe


def doctor_stores(project: Project) -> list[Check]:
    """Probe the project's own store where it runs, and every connection that names a bucket."""
    buckets: dict[str, str] = {}
    running = running_endpoints(project).get("s3")
    if running is not None:
        buckets["s3"] = running.properties["bucket"]
    for name, given in project.settings.connections.items():
        named = str(given.get("bucket") or given.get("buckets") or "").split(",")[0].strip()
        if named:
            buckets[name] = named
        elif name == "s3":
            buckets.pop("s3", None)  # it takes the place of the server, and names no bucket
    return [_probed(project, name, bucket) for name, bucket in buckets.items()]


def _probed(project: Project, name: str, bucket: str) -> Check:
    title = f"store {name}"
    try:
        options = parse_options(store_options(resolver(project), StoreUrl("s3", bucket, "")))
        checks = probe(bucket, options)
    except TidemillError as error:
        return Check(title, "failed", error.message, error.hint)
    bad = [check for check in checks if check.outcome == "failed"]
    if bad:
        told = "; ".join(f"{check.name}: {check.message}" for check in bad)
        return Check(title, "failed", told, f"Look closer: tidemill lake probe s3://{bucket}")
    limits = [check.name for check in checks if check.outcome == "warning"]
    said = f" (with limits: {', '.join(limits)})" if limits else ""
    return Check(title, "ok", f"s3://{bucket} honours what a lake needs{said}")
