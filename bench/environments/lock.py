"""Makes `jars.lock`: `python -m bench.environments.lock`. For maintainers, never at run time."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from jgo.maven import MavenContext, PythonResolver

from tidemill.services.artifacts import split_coordinates
from tidemill.services.lock import KAFKA_VERSION
from tidemill.services.repository import repository_url

JARS = {
    "kafka-streams": (
        f"org.apache.kafka:kafka-streams:{KAFKA_VERSION}",
        f"org.apache.kafka:kafka-clients:{KAFKA_VERSION}",
        "org.rocksdb:rocksdbjni:10.1.3",
        "at.yawk.lz4:lz4-java:1.10.2",
        "com.fasterxml.jackson.core:jackson-annotations:2.21",
        "com.fasterxml.jackson.core:jackson-core:2.21.2",
        "com.fasterxml.jackson.core:jackson-databind:2.21.2",
        "org.slf4j:slf4j-api:1.7.36",
        "org.slf4j:slf4j-simple:1.7.36",
    ),
    # A compiler that needs no JDK.
    "ecj": ("org.eclipse.jdt:ecj:3.42.0",),
}


def main() -> int:
    """Write the lock beside this file."""
    lines = ["# Made by `python -m bench.environments.lock`; do not edit by hand.", "version = 1"]
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(
            resolver=PythonResolver(),
            repo_cache=Path(folder),
            remote_repos={"central": repository_url()},
        )
        for name, coordinates in JARS.items():
            lines += ["", f"[servers.{name}]", 'layout = "classpath"', "files = ["]
            for text in coordinates:
                group, artifact, version, extension, classifier = split_coordinates(text)
                component = context.project(group, artifact).at_version(version)
                content = component.artifact(classifier, extension).resolve().read_bytes()
                digest = hashlib.sha256(content).hexdigest()
                lines.append(
                    f'  {{ coordinates = "{text}", bytes = {len(content)}, sha256 = "{digest}" }},'
                )
            lines.append("]")
    Path(__file__).with_name("jars.lock").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
