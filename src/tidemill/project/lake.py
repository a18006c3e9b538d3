"""`lake.yaml`: which local files go where in the lake, and views over what is there.

    files:
      - from: data/*.csv                # a file, a folder, or a pattern, from the project's folder
        to: s3://lake/raw/diabetes/     # a folder (it ends with a slash), or one object
    views:
      patients: SELECT * FROM 's3://lake/raw/diabetes/*.csv'

References such as `${server:s3.bucket}` may stand in `from` and `to`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tidemill.errors import ProjectError, Where
from tidemill.project.validate import validate_as
from tidemill.project.yaml_text import YamlText, parse_yaml

LAKE_FILE = "lake.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LakeUpload(_Strict):
    """Files of the project, and where they go."""

    source: Annotated[str, Field(alias="from", min_length=1)]
    to: Annotated[str, Field(min_length=1)]


class LakeFile(_Strict):
    """The whole of lake.yaml."""

    files: list[LakeUpload] = []
    views: dict[
        Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")], Annotated[str, Field(min_length=1)]
    ] = {}


def read_lake(root: Path, *, needed: bool = False) -> tuple[LakeFile, YamlText | None]:
    """The project's lake.yaml with its places; an empty one where there is none and none needed."""
    path = root / LAKE_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if not needed:
            return LakeFile(), None
        raise ProjectError(
            f"there is no {LAKE_FILE} in {root}",
            code="project.unreadable",
            where=Where(file=str(path)),
            hint="It says which files go where: files: [{from: data/*.csv, to: s3://lake/raw/}]",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(
            f"{path} cannot be read: {error}",
            code="project.unreadable",
            where=Where(file=str(path)),
        ) from None
    yaml = parse_yaml(text, LAKE_FILE)
    data = {} if yaml.data is None else yaml.data
    if not isinstance(data, dict):
        raise ProjectError(
            f"{LAKE_FILE} must hold keys with values at the top",
            code="project.bad-value",
            where=yaml.where(()),
            hint="Its keys are `files:` and `views:`.",
        )
    lake, errors = validate_as(LakeFile, data, yaml)
    if lake is None:
        raise errors[0]
    return lake, yaml
