"""What stands beside the exported objects: images, scripts, variables to set, how to start."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.control.export.images import flink_jars, image_of, version_of
from tidemill.control.export.kubernetes import secret_name
from tidemill.control.export.model import Deployment

HEALTH = '''"""Exit code 0 where a pipeline of this container runs, or has come to its end."""

import json
import subprocess
import sys

said = subprocess.run(["tidemill", "status", "--json"], capture_output=True, check=False).stdout
states = {one["name"]: one["state"] for one in json.loads(said)["pipelines"]}
sys.exit(states.get(sys.argv[1]) not in ("running", "recovering", "finished"))
'''
REGISTER = """#!/bin/sh
# Registers each connector, or gives it the configuration of its file; safe to repeat.
set -eu
for file in connectors/*.json; do
  tidemill connector register "$file"
done
"""
WHEELS = """Wheels that the image installs before any other: `tidemill-*.whl`, where the package
index that pip uses does not have this version.
"""


def engine_dockerfile(version: str, extras: Sequence[str]) -> str:
    """The engine with the project in it; it runs as a user without rights."""
    wanted = f"tidemill[{','.join(extras)}]" if extras else "tidemill"
    return f"""# The engine and the project. The state of its one pipeline is the volume /state.
FROM python:3.12-slim
RUN useradd --uid 1000 --create-home tidemill && install -d -o tidemill -m 700 /state
COPY wheels /wheels
RUN pip install --no-cache-dir --find-links /wheels "{wanted}=={version}"
WORKDIR /project
COPY project /project
RUN ln -s /state/project /project/.tidemill
USER tidemill
ENTRYPOINT ["sh", "-c", "mkdir -p -m 700 /state/project && exec \\"$@\\"", "tidemill"]
CMD ["tidemill", "check"]
"""


def flink_dockerfile() -> str:
    """Flink with the connectors, formats and drivers that pipelines use, checked by SHA-256."""
    jars = flink_jars()
    fetched = " \\\n      ".join(coordinates for coordinates, _ in jars)
    return f"""# Flink with connectors, formats and drivers; jars.sha256 says which they must be.
FROM maven:3.9-eclipse-temurin-17 AS jars
WORKDIR /jars
RUN for jar in \\
      {fetched}; do \\
      mvn -B -q dependency:copy -Dartifact="$jar" -DoutputDirectory=/jars || exit 1; \\
    done
COPY jars.sha256 .
RUN sha256sum -c jars.sha256

FROM {image_of("flink")}
COPY --from=jars /jars/*.jar /opt/flink/lib/
"""


def jar_sums() -> str:
    """What `sha256sum -c` reads."""
    return "".join(f"{digest}  {_file(coordinates)}\n" for coordinates, digest in flink_jars())


def _file(coordinates: str) -> str:
    _, artifact, version = coordinates.split(":")[:3]
    return f"{artifact}-{version}.jar"


def environment_example(deployment: Deployment) -> str:
    """The variables of `.env`, without values."""
    lines = "".join(f"{name}=\n" for name in deployment.variables)
    return f"# Copy it to .env, closed to others (chmod 600), and give each a value.\n{lines}"


def compose_readme(deployment: Deployment) -> str:
    """How to start with Compose."""
    return f"""# {deployment.project}, for Docker Compose

```
cp .env.example .env && chmod 600 .env    # give each variable a value
docker compose up --build --detach
docker compose ps                         # all should become healthy
docker compose logs --follow
docker compose down                       # data stays in volumes; --volumes removes it
```

Nothing is published to other machines. To look around:

```
docker compose run --rm --no-deps {_any(deployment)} tidemill topic list
```

Each pipeline runs in a container of its own with its state in a volume of its own. One whose text
has changed so that its state does not fit refuses to start and says so.
{_wheels()}"""


def kubernetes_readme(deployment: Deployment) -> str:
    """How to start on Kubernetes."""
    literals = " \\\n".join(f"  --from-literal={name}=..." for name in deployment.variables)
    secret = (
        f"kubectl create secret generic {secret_name(deployment)} \\\n{literals}\n"
        if deployment.variables
        else ""
    )
    flink = _flink_notes() if deployment.flink else ""
    return f"""# {deployment.project}, for Kubernetes

```
docker build -t {deployment.image} . && docker push {deployment.image}
{secret}kubectl apply -f kubernetes/
kubectl get pods --watch
```

Each server and each pipeline is a StatefulSet of one: two processes never hold one state. A
pipeline over bounded input is a Job. Where a managed Kafka, Postgres or store takes a server's
place, remove its two objects from `kubernetes/servers.yaml` and set its address in
`project/tidemill.yaml`.
{flink}{_wheels()}"""


def _flink_notes() -> str:
    return f"""
The Flink side is a `FlinkDeployment` of the Flink Kubernetes operator (a version that knows Flink
{version_of("flink")}) with the service account `flink`. Build its image from `flink.Dockerfile`, as
`{image_of("flink")}-tidemill`. Give it a store that all its pods share for checkpoints
(`execution.checkpointing.dir`) before anything of worth runs there.
"""


def _any(deployment: Deployment) -> str:
    return f"pipeline-{deployment.pipelines[0].label}" if deployment.pipelines else "connectors"


def _wheels() -> str:
    return """
The image installs Tidemill from pip's index, or from a wheel in `wheels/`, if one is there.
"""
