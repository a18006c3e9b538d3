"""Makes `servers.lock`: `python -m tidemill.services.lock`. For maintainers, never at run time.

Resolves each recipe's roots to their transitive run-time files with `jgo`, fetches them, and writes
coordinates, sizes and SHA-256 sums. To add a server or to move to a new version, change `RECIPES`
and run this again.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.records import dataclass
from tidemill.services.artifacts import Artifact, split_coordinates
from tidemill.services.repository import repository_url

if TYPE_CHECKING:
    from jgo.maven import MavenContext

KAFKA_VERSION = "4.3.1"
DEBEZIUM_VERSION = "3.7.0.Final"
FLINK_VERSION = "2.3.0"
APICURIO_VERSION = "3.3.3"
# The last converters that Maven Central has whole; they speak the registry's API of version 2.
CONVERTER_VERSION = "2.6.13.Final"
SPARK_VERSION = "4.2.0"
LOG4J_VERSION = "2.25.4"
JMX_EXPORTER_VERSION = "1.0.1"
S3PROXY_VERSION = "4.1.0"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one entry of the lock is made.

    `excludes` are `group:artifact` that the closure brings but that nothing uses at run time;
    without `transitive` the roots alone are taken, as for jars that carry what they need.
    """

    server: str
    layout: str
    roots: tuple[str, ...]
    excludes: frozenset[str] = frozenset()
    transitive: bool = True


_LOGGING = f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}"

RECIPES = (
    Recipe("kafka", "classpath", (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", _LOGGING)),
    Recipe(
        "connect",
        "classpath",
        (
            f"org.apache.kafka:connect-runtime:{KAFKA_VERSION}",
            f"org.apache.kafka:connect-json:{KAFKA_VERSION}",
            f"org.apache.kafka:connect-basic-auth-extension:{KAFKA_VERSION}",
            f"org.apache.logging.log4j:log4j-core:{LOG4J_VERSION}",
            _LOGGING,
        ),
    ),
    # The agent carries all that it needs.
    Recipe(
        "jmx-exporter",
        "classpath",
        (f"io.prometheus.jmx:jmx_prometheus_javaagent:{JMX_EXPORTER_VERSION}",),
        transitive=False,
    ),
    Recipe(
        "debezium-postgres",
        "plugin",
        (f"io.debezium:debezium-connector-postgres:{DEBEZIUM_VERSION}:tar.gz:plugin",),
    ),
    # Beside the jars of Connect, which its class loader hands to plugins.
    Recipe(
        "connect-avro",
        "classpath",
        (f"io.apicurio:apicurio-registry-utils-converter:{CONVERTER_VERSION}",),
        excludes=frozenset(
            {
                "com.ethlo.time:itu",
                "com.github.luben:zstd-jni",
                "com.networknt:json-schema-validator",
                "io.apicurio:apicurio-registry-serdes-jsonschema-serde",
                "org.apache.kafka:connect-api",
                "org.apache.kafka:connect-json",
                "org.apache.kafka:kafka-clients",
                "org.json:json",
                "org.lz4:lz4-java",
                "org.slf4j:slf4j-api",
                "org.xerial.snappy:snappy-java",
            }
        ),
    ),
    Recipe(
        "registry",
        "plugin",
        (f"io.apicurio:apicurio-registry-app:{APICURIO_VERSION}:tar.gz:all",),
    ),
    # Beside the jars of the PyPI package apache-flink-libraries, which holds Flink itself.
    Recipe(
        "flink",
        "classpath",
        (
            f"org.apache.flink:flink-sql-gateway:{FLINK_VERSION}",
            "org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2",
            "org.apache.flink:flink-connector-jdbc-core:4.0.0-2.0",
            "org.apache.flink:flink-connector-jdbc-postgres:4.0.0-2.0",
            "org.postgresql:postgresql:42.7.8",
            f"org.apache.flink:flink-sql-avro:{FLINK_VERSION}",
            f"org.apache.flink:flink-sql-avro-confluent-registry:{FLINK_VERSION}",
        ),
        transitive=False,
    ),
    Recipe(
        "s3",
        "classpath",
        (f"org.gaul:s3proxy:{S3PROXY_VERSION}:jar:jar-with-dependencies",),
        transitive=False,
    ),
    # Beside the jars of the PyPI package pyspark, which holds Spark itself. No jar of the token
    # provider of 4.2.0 was published; that of 4.0.0 stands in.
    Recipe(
        "spark",
        "classpath",
        (
            f"org.apache.spark:spark-sql-kafka-0-10_2.13:{SPARK_VERSION}",
            "org.apache.spark:spark-token-provider-kafka-0-10_2.13:4.0.0",
            "org.apache.kafka:kafka-clients:3.9.2",
            "org.apache.commons:commons-pool2:2.13.1",
            "org.postgresql:postgresql:42.7.8",
        ),
        transitive=False,
    ),
)


def main() -> int:
    """Write `servers.lock` at the root of the source tree."""
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - slow

    target = Path(__file__).parents[3] / "servers.lock"
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(
            resolver=PythonResolver(),
            repo_cache=Path(folder),
            remote_repos={"central": repository_url()},
            timeout=60,
        )
        blocks = [_block(recipe, _resolve(context, recipe)) for recipe in RECIPES]
    head = "# Made by `python -m tidemill.services.lock`; do not edit by hand.\nversion = 1\n"
    target.write_text("\n".join([head, *blocks]), encoding="utf-8")
    print(f"wrote {target}", file=sys.stderr)
    return 0


def _resolve(context: MavenContext, recipe: Recipe) -> list[Artifact]:
    """The recipe's files with sizes and sums, each once; an earlier root decides the version."""
    if recipe.layout == "plugin" or not recipe.transitive:
        return [_measure(context, root) for root in recipe.roots]
    found: dict[str, str] = {}
    for root in recipe.roots:
        # One root at a time: jgo lets every root manage the versions of all others' files.
        roots, others = context.resolver.resolve([context.create_dependency(root)])
        for dependency in [*roots, *others]:
            name = f"{dependency.groupId}:{dependency.artifactId}"
            if name in recipe.excludes or dependency.scope == "provided":
                continue
            suffix = f":{dependency.type}:{dependency.classifier}" if dependency.classifier else ""
            found.setdefault(name + suffix, f"{name}:{dependency.version}{suffix}")
    return [_measure(context, coordinates) for coordinates in sorted(found.values())]


def _measure(context: MavenContext, coordinates: str) -> Artifact:
    group, artifact, version, extension, classifier = split_coordinates(coordinates)
    component = context.project(group, artifact).at_version(version)
    content = component.artifact(classifier, extension).resolve().read_bytes()
    return Artifact(coordinates, len(content), hashlib.sha256(content).hexdigest())


def _block(recipe: Recipe, files: list[Artifact]) -> str:
    lines = [f"[servers.{recipe.server}]", f'layout = "{recipe.layout}"', "files = ["]
    lines += [
        f'  {{ coordinates = "{f.coordinates}", bytes = {f.bytes}, sha256 = "{f.sha256}" }},'
        for f in files
    ]
    return "\n".join([*lines, "]", ""])


if __name__ == "__main__":
    sys.exit(main())
