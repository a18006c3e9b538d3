"""YAML data to the model: every mistake becomes a ProjectError with its place in the file."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tidemill.errors import ProjectError, TextWhere, did_you_mean
from tidemill.project.model import ProjectFile
from tidemill.project.yaml_text import YamlText

Model = TypeVar("Model", bound=BaseModel)

_SECRET_KEY = re.compile(
    r"(^|[._-])(password|passwd|secret|token|api[._-]?key|private[._-]?key"
    r"|secret[._-]?(access[._-]?)?key)s?$"
)
_REFERENCE = re.compile(r"\s*\$\{(env|secret|file|var):[^}]*\}\s*")
_SCALARS = ("str", "int", "float", "bool")
_EXPECTATIONS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "list_type": "a list",
    "string_too_short": "a text that is not empty",
}


def validate(yaml: YamlText) -> tuple[ProjectFile | None, list[ProjectError]]:
    """The model, or None with all errors, in the order of the text."""
    data = {} if yaml.data is None else yaml.data
    if not isinstance(data, dict):
        error = ProjectError(
            f"{yaml.file} holds {_kind(data)} at the top, not keys with values",
            code="project.bad-value",
            where=yaml.where(()),
            hint="Start with keys such as `name:`, `servers:` and `pipelines:`.",
        )
        return None, [error]
    model, errors = validate_as(ProjectFile, data, yaml)
    errors = sorted([*_literal_secrets(data, yaml), *errors], key=_offset)
    return (None if errors else model), errors


def validate_as(
    kind: type[Model], data: Mapping[str, Any], yaml: YamlText
) -> tuple[Model | None, list[ProjectError]]:
    """The data as a strict model, or None with all errors, in the order of the text."""
    try:
        return kind.model_validate(data), []
    except ValidationError as failed:
        details = {_path(detail): detail for detail in failed.errors(include_url=False)}
        errors = [_translate(path, detail, yaml, kind) for path, detail in details.items()]
    return None, sorted(errors, key=_offset)


def looks_secret(key: str) -> bool:
    """Whether a key names a secret (password, token, api-key and the like)."""
    return _SECRET_KEY.search(key.lower()) is not None


def _literal_secrets(data: Mapping[str, Any], yaml: YamlText) -> Iterator[ProjectError]:
    for section in ("connections", "variables"):
        for path, value in _leaves(data.get(section), (section,)):
            key = str(path[-1])
            if not looks_secret(key) or value is None or _REFERENCE.fullmatch(str(value)):
                continue
            variable = re.sub(r"\W+", "_", "_".join(map(str, path[1:]))).upper()
            yield ProjectError(
                f"`{key}` is written as plain text",
                code="project.literal-secret",
                where=yaml.where(path, key=True),
                detail="Secrets in the project file end up in version control.",
                hint=f"Write `{key}: ${{env:{variable}}}` and set the environment variable, or "
                f"`{key}: ${{file:~/.secrets/{variable.lower()}}}` (a file only you can read).",
            )


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if len(path) > 3:  # the model has no deeper maps, and an alias may nest endlessly
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif path:
        yield path, value


def _offset(error: ProjectError) -> int:
    return error.where.span.start if isinstance(error.where, TextWhere) else 0


def _path(detail: ErrorDetails) -> tuple[str | int, ...]:
    return tuple(part for part in detail["loc"] if not _is_tag(part))


def _translate(
    path: tuple[str | int, ...], detail: ErrorDetails, yaml: YamlText, root: type[BaseModel]
) -> ProjectError:
    key = str(path[-1]) if path else ""
    if detail["type"] == "extra_forbidden":
        known = _known_keys(path[:-1], root)
        return ProjectError(
            f"unknown key `{key}`",
            code="project.unknown-key",
            where=yaml.where(path, key=True),
            hint=did_you_mean(key, known) or f"Known keys here: {', '.join(known)}.",
        )
    if detail["type"] == "missing":
        return ProjectError(
            f"`{key}` is missing",
            code="project.missing-key",
            where=yaml.where(path),
            hint=f"Add `{key}: ...` here.",
        )
    shown = "" if looks_secret(key) else f", not {_kind(detail['input'])}"
    return ProjectError(
        f"`{'.'.join(map(str, path))}` {_expectation(detail)}{shown}",
        code="project.bad-value",
        where=yaml.where(path, key=detail["loc"][-1:] == ("[key]",)),
        hint=_hint(detail),
    )


def _expectation(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return "takes letters, digits, `_` and `-`, starting with a letter or digit"
    if any(part in _SCALARS for part in detail["loc"]):
        return "must be a text, a number, true or false"
    if kind in _EXPECTATIONS:
        return f"must be {_EXPECTATIONS[kind]}"
    if kind == "greater_than_equal":
        return f"must be at least {context['ge']}"
    if kind == "less_than_equal":
        return f"must be at most {context['le']}"
    return detail["msg"].removeprefix("Input ").replace("should", "must")


def _hint(detail: ErrorDetails) -> str | None:
    if detail["type"] == "int_type" and isinstance(detail["input"], str):
        return "Write the number without quotes; references are not allowed here."
    if detail["type"] == "string_type" and isinstance(detail["input"], int | float | bool):
        return "Put the value in quotes."
    return None


def _is_tag(part: str | int) -> bool:
    """Whether pydantic put this into the location by itself (a union's branch, a map's key)."""
    return isinstance(part, str) and (part in ("[key]", *_SCALARS) or part[:1] == "(")


def _known_keys(path: Sequence[str | int], root: type[BaseModel]) -> tuple[str, ...]:
    kind: Any = root
    for part in path:
        kind = _step(kind, part)
    model = _model(kind)
    return tuple(model.model_fields) if model else ()


def _step(kind: Any, part: str | int) -> Any:
    model = _model(kind)
    if model is not None and isinstance(part, str) and part in model.model_fields:
        return model.model_fields[part].annotation
    arguments = get_args(kind)
    return arguments[-1] if arguments else None


def _model(kind: Any) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) in (Annotated, Union, types.UnionType):
        branches = get_args(kind)[:1] if get_origin(kind) is Annotated else get_args(kind)
        return next((m for b in branches if (m := _model(b)) is not None), None)
    return None


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    return f"`{value}`"
