"""A pipeline from its file to its plan: references resolved, SQL bound, stages built.

Guarantees: what is compiled holds no secret; where a secret is referred to, its reference stands,
and `opened` puts the value in just before a connector gets the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.control.kafka_login import with_kafka_login
from tidemill.control.lake_options import with_lake_defaults
from tidemill.control.literal_secrets import LiteralSecret, literal_secrets
from tidemill.control.object_stores import store_options
from tidemill.control.project_context import resolver
from tidemill.errors import ProjectError, Span, TextWhere, TidemillError, UserError, Where
from tidemill.interfaces.python_function import FunctionLoader
from tidemill.observe import hide_secret
from tidemill.project import (
    PipelineFile,
    Project,
    ProjectFunctions,
    Reference,
    Resolver,
    RevealedSecret,
    Secret,
    find_references,
    find_sql_references,
)
from tidemill.records import dataclass
from tidemill.stores import is_store_url, parse_url

if TYPE_CHECKING:
    from tidemill.control.checks.stream import StreamChecks
    from tidemill.model import TableDescriptor
    from tidemill.plan import PhysicalPlan
    from tidemill.sql.logical import Script


_ANSWERS = "SHOW and DESCRIBE are answered by `tidemill sql`, and by nothing else."


@dataclass(frozen=True)
class SqlSource:
    """A SQL text with its references resolved, those to secrets left as they stand.

    `original` is the text as written; `pieces` say which span of it became which of `text`.
    """

    text: str
    file: str
    original: str
    pieces: tuple[tuple[Span, Span], ...]
    secrets: Mapping[str, Reference]
    notes: tuple[str, ...]
    resolver: Resolver
    functions: FunctionLoader
    literals: tuple[LiteralSecret, ...] = ()
    """Secrets that are written out."""

    def as_written(self, error: TidemillError) -> TidemillError:
        """The error with its place in the text as it was written."""
        where = error.where
        if isinstance(where, TextWhere) and where.text == self.text:
            start, end = self._before(where.span.start), self._before(where.span.end, end=True)
            error.where = TextWhere(where.file, self.shown, Span(start, max(start, end)))
        return error

    @property
    def shown(self) -> str:
        """The text as written, with stars for secrets: for whatever other people may see."""
        return self.literals[0].where.text if self.literals else self.original

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the text should not hold, in sentences."""
        return tuple(literal.sentence for literal in self.literals)

    def reveal(self, value: str) -> str:
        """The plain value of an option, secrets put in."""
        return _revealed(value, self)

    def _before(self, offset: int, *, end: bool = False) -> int:
        shift = 0
        for was, now in self.pieces:
            if offset < now.start or (end and offset == now.start):
                break
            if offset < now.end or (end and offset == now.end):
                return was.end if end else was.start
            shift = was.end - now.end
        return offset + shift


@dataclass(frozen=True)
class CompiledPipeline:
    """A pipeline that can be run or explained."""

    source: SqlSource
    script: Script
    plan: PhysicalPlan
    checks: StreamChecks | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken and ignored, or assumed, in sentences."""
        answers = (_ANSWERS,) if self.script.listings else ()
        checks = () if self.checks is None else self.checks.notes
        source = (*self.source.notes, *self.source.warnings)
        notes = (*source, *self.script.notes, *answers, *self.plan.notes, *checks)
        return tuple(dict.fromkeys(notes))


def read_sql(path: Path) -> str:
    """The text of a SQL file."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(
            f"{path} cannot be read: {reason}",
            code="cli.unreadable",
            where=Where(file=str(path)),
        ) from None


def resolve_sql(
    project: Project,
    text: str,
    file: str,
    *,
    variables: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> SqlSource:
    """Resolve a SQL text's references; raises ProjectError at the first that cannot be."""
    literals = literal_secrets(text, file)
    for literal in literals:
        hide_secret(literal.value)
        if project.settings.secrets == "strict":
            raise literal.error()
    resolve = resolver(project, variables=variables, lenient=lenient)
    parts: list[str] = []
    pieces: list[tuple[Span, Span]] = []
    secrets: dict[str, Reference] = {}
    done = length = 0
    for reference in find_sql_references(text, file):
        value = resolve.value(reference)
        if isinstance(value, Secret):
            hide_secret(value.reveal())
            secrets[reference.key] = reference
            continue
        was = reference.where.span
        # References stand inside string literals only, where a quote is written twice.
        parts += [text[done : was.start], value.replace("'", "''")]
        length += sum(map(len, parts[-2:]))
        pieces.append((was, Span(length - len(parts[-1]), length)))
        done = was.end
    parts.append(text[done:])
    return SqlSource(
        "".join(parts), file, text, tuple(pieces), secrets, tuple(resolve.notes), resolve,
        ProjectFunctions(project.root, project.settings.functions.packages), literals,
    )  # fmt: skip


def bind_source(
    source: SqlSource, settings: Mapping[str, str], *, may_be_empty: bool = False
) -> Script:
    """Bind a text; `settings` are SET values that the text itself may override."""
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used
    from tidemill.formats import FORMATS  # noqa: PLC0415
    from tidemill.sql import compile_script  # noqa: PLC0415

    try:
        script = compile_script(
            source.text, source.file, CONNECTORS, FORMATS, may_be_empty=may_be_empty,
            functions=source.functions, reveal=source.reveal,
        )  # fmt: skip
    except TidemillError as error:
        raise source.as_written(error) from None
    _only_in_options(source, script)
    return replace(script, settings={**settings, **script.settings})


def compile_source(
    source: SqlSource,
    settings: Mapping[str, str],
    checks_of: Callable[[Script], StreamChecks] | None = None,
) -> CompiledPipeline:
    """Bind and plan a text, with the expectations on its tables."""
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used
    from tidemill.formats import FORMATS  # noqa: PLC0415
    from tidemill.plan import build_plan  # noqa: PLC0415

    script = bind_source(source, settings)
    checks = None if checks_of is None else checks_of(script)
    expected = None if checks is None else checks.by_table
    try:
        plan = build_plan(script, CONNECTORS, FORMATS, expected)
        return CompiledPipeline(source, script, plan, checks)
    except TidemillError as error:
        raise source.as_written(error) from None


def compile_pipeline(
    project: Project,
    pipeline: PipelineFile,
    *,
    variables: Mapping[str, str] | None = None,
    lenient: bool = False,
    checks: bool = True,
) -> CompiledPipeline:
    """Read, bind and plan one pipeline, by default with the expectations on its tables."""
    from tidemill.control.checks.stream import stream_checks  # noqa: PLC0415 - loaded when used

    source = resolve_sql(
        project,
        read_sql(pipeline.path),
        shown_path(pipeline.path),
        variables={**pipeline.variables, **(variables or {})},
        lenient=lenient,
    )
    checks_of = partial(stream_checks, project, pipeline.name) if checks else None
    return compile_source(source, pipeline.settings, checks_of)


def opened(table: TableDescriptor, source: SqlSource, root: Path) -> TableDescriptor:
    """The table as its connector opens it: secrets in, relative file paths from the project."""
    options = {key: _revealed(value, source) for key, value in table.options.items()}
    path = options.get("path")
    if options.get("connector") == "filesystem" and path is not None and "://" not in path:
        options["path"] = str(root / Path(path).expanduser())
    options = dict(with_lake_defaults(options, source.resolver, root))
    options = dict(with_kafka_login(options, source.resolver))
    stored = next((value for value in options.values() if is_store_url(value)), None)
    if stored is not None and _reaches_stores(options.get("connector", "")):
        options = {**store_options(source.resolver, parse_url(stored)), **options}
    for key in [key for key in options if key.endswith("protobuf.descriptor-file")]:
        options[key] = str(root / Path(options[key]).expanduser())
    history = None if table.history is None else opened(table.history, source, root)
    return replace(table, options=options, history=history)


def _reaches_stores(connector: str) -> bool:
    """Whether the connector takes the options of a store."""
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used

    known = CONNECTORS[connector].options.options if connector in CONNECTORS else ()
    return any(option.key == "s3.endpoint" for option in known)


def shown_path(path: Path) -> str:
    """The path as a person in the current folder would write it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _only_in_options(source: SqlSource, script: Script) -> None:
    """A secret may stand in a table's options and nowhere else in the text."""
    declared = [table.options for table in script.tables.values()] + [*script.catalogs.values()]
    options = {value for options in declared for value in options.values()}
    for key, reference in source.secrets.items():
        if not any("${" + key + "}" in value for value in options):
            raise ProjectError(
                f"the secret ${{{key}}} stands outside a table's options",
                code="project.bad-reference",
                where=reference.where,
                hint="Secrets can be used in the WITH clause of a table only.",
            )


def _revealed(value: str, source: SqlSource) -> str:
    secret = False
    for reference in find_references(value, source.file) if "${" in value else ():
        found = source.resolver.value(reference)
        plain = found.reveal() if isinstance(found, Secret) else found
        secret = secret or isinstance(found, Secret)
        value = value.replace("${" + reference.key + "}", plain)
    return RevealedSecret(value) if secret else value
