"""The texts beside an ejected pipeline: its README, and what fills in environment variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tidemill.runners.spark import SparkProgram


def spark_readme(
    name: str, program: SparkProgram, jars: Sequence[str], notes: Sequence[str]
) -> str:
    """How to run it with spark-submit."""
    packages = f"  --packages {','.join(jars)} \\\n" if jars else ""
    ends = "It runs until it is stopped" if program.streaming else "It runs to the end of its input"
    checkpoints = (
        "\nIts checkpoints lie in the folder that `CHECKPOINTS` names (by default `checkpoints`): "
        "on a cluster, one that all nodes share. A run goes on from there.\n"
        if program.streaming
        else ""
    )
    return f"""# {name}, for Spark

`{name}.py` is a PySpark program made from the plan of the pipeline `{name}`. {ends}.
{checkpoints}
## Run

Python 3.11 or newer and Java 17 or 21 are needed.

```
pip install -r requirements.txt
{_exports(program.variables)}spark-submit \\
{packages}  --master "local[2]" {name}.py
```

Relative paths of files begin where `spark-submit` is called. `jars.txt` lists the jars, for
clusters that fetch none by themselves.
{_variables(program.variables)}{_notes(notes)}"""


def flink_readme(
    name: str, variables: Mapping[str, str], jars: Sequence[str], notes: Sequence[str]
) -> str:
    """How to run it with Flink's SQL client, or its SQL Gateway."""
    return f"""# {name}, for Flink

`{name}.sql` is the pipeline `{name}` for Flink 2.3. `render.py` puts the values of environment
variables in the places of `${{NAME}}`.

## Run

Put the jars of `jars.txt` into Flink's `lib` folder, then:

```
{_exports(variables)}python3 render.py {name}.sql > job.sql
bin/sql-client.sh -f job.sql
```

`job.sql` holds the values, passwords among them: remove it afterwards.

With a SQL Gateway (`GATEWAY` is its address), statement by statement:

```
session=$(curl -s -X POST "$GATEWAY/v2/sessions" -d '{{}}' | jq -r .sessionHandle)
python3 render.py {name}.sql --json | while read -r statement; do
  curl -s -X POST "$GATEWAY/v2/sessions/$session/statements" \\
    -H 'Content-Type: application/json' -d "$statement"
done
```

The jars: {", ".join(f"`{jar}`" for jar in jars)}.
{_variables(variables)}{_notes(notes)}"""


def _exports(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}=...\n" for name in sorted(variables))


def _variables(variables: Mapping[str, str]) -> str:
    if not variables:
        return ""
    rows = "".join(f"| `{name}` | `{what}` |\n" for name, what in sorted(variables.items()))
    return (
        f"\n## Environment variables\n\n| variable | stood in the pipeline as |\n|---|---|\n{rows}"
    )


def _notes(notes: Sequence[str]) -> str:
    return "\n## Notes\n\n" + "".join(f"- {note}\n" for note in notes) if notes else ""


def render_script() -> str:
    """The text of `render.py`."""
    return _RENDER


_RENDER = '''"""Print a SQL file with ${NAME} from the environment; --json: one request a line."""

import json
import os
import re
import sys


def value(match):
    if match[1] not in os.environ:
        sys.exit(f"the environment variable {match[1]} is not set")
    return os.environ[match[1]].replace("'", "''")


def statements(text):
    """Statements end at `;`; those of a statement set belong together."""
    parts, open_set = [""], False
    pieces = r"'(?:[^']|'')*'|--[^\\n]*|/\\*.*?\\*/|;|[^';/-]+|."
    for piece in re.findall(pieces, text, re.DOTALL):
        if re.match(r"\\s*EXECUTE\\s+STATEMENT\\s+SET", parts[-1], re.I):
            open_set = True
        if piece == ";" and (not open_set or re.search(r"\\bEND\\s*$", parts[-1], re.I)):
            parts.append("")
            open_set = False
        else:
            parts[-1] += piece
    return [part.strip() for part in parts if part.strip()]


text = re.sub(r"\\$\\{(\\w+)\\}", value, open(sys.argv[1], encoding="utf-8").read())
if "--json" in sys.argv:
    for statement in statements(text):
        print(json.dumps({"statement": statement}))
else:
    print(text, end="")
'''
