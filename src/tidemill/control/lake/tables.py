"""The Iceberg and Delta tables of a project: those that its pipelines declare, by name.

A Delta table can also be named by its folder or `s3://` address.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from tidemill.control.object_stores import store_options
from tidemill.control.pipeline import SqlSource, bind_source, opened, read_sql, resolve_sql
from tidemill.control.pipeline import shown_path as shown
from tidemill.control.project_context import resolver
from tidemill.errors import TidemillError, UserError, did_you_mean
from tidemill.model import Schema, TableDescriptor
from tidemill.project import PipelineFile, Project
from tidemill.stores import is_store_url, parse_url

FORMATS = ("iceberg", "delta")
_log = logging.getLogger("tidemill.control.lake.tables")


class LakeTables:
    """The tables of one project; its pipelines are read when one is asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.unreadable: dict[str, TidemillError] = {}
        """Pipelines that may declare tables, and could not be read."""

    @cached_property
    def _declared(self) -> dict[str, list[tuple[str, TableDescriptor, SqlSource]]]:
        found: dict[str, list[tuple[str, TableDescriptor, SqlSource]]] = {}
        for pipeline in self._project.pipelines():
            try:
                for table, source in _tables_of(self._project, pipeline):
                    found.setdefault(table.name, []).append((pipeline.name, table, source))
            except TidemillError as error:
                _log.debug("the tables of %s are not known: %s", pipeline.name, error.message)
                self.unreadable[pipeline.name] = error
        return found

    @property
    def names(self) -> list[str]:
        """The names of all tables, in order."""
        return sorted(self._declared)

    def mentioned(self, *texts: str) -> list[str]:
        """The tables whose names occur in a text."""
        whole = "\n".join(texts).casefold()
        return [name for name in self.names if name.casefold() in whole]

    def table(self, name: str) -> TableDescriptor:
        """A table as its connector opens it; raises UserError where there is none."""
        if name in self._declared:
            pipeline, table, source = self._declared[name][0]
            for other, same, _ in self._declared[name][1:]:
                if _place(same) != _place(table):
                    raise UserError(
                        f"`{name}` is one table in {pipeline}, and another one in {other}",
                        code="control.unknown-table",
                        hint="Give one of them another name, with 'catalog-table' as it was.",
                    )
            return opened(table, source, self._project.root)
        if "/" in name:
            return self._delta(name)
        broken = next(iter(self.unreadable.values()), None)
        raise UserError(
            f"no pipeline of the project declares an Iceberg or Delta table `{name}`",
            code="control.unknown-table",
            detail=f"A pipeline could not be read: {broken.message}" if broken else None,
            hint=did_you_mean(name, self.names)
            or (f"There are {', '.join(self.names)}." if self.names else None)
            or "A Delta table can be named by its folder or `s3://` address.",
        )

    def _delta(self, place: str) -> TableDescriptor:
        if is_store_url(place):
            reach = store_options(resolver(self._project), parse_url(place))
        else:
            place, reach = str(Path(place).expanduser().resolve()), {}
        return delta_at(place, reach)


def delta_at(place: str, reach: Mapping[str, str]) -> TableDescriptor:
    """The Delta table in a folder or at an address; `reach` are the options of its store."""
    options = {"connector": "delta", "table-path": place, **reach}
    return TableDescriptor(place, Schema(()), options)


def _tables_of(project: Project, pipeline: PipelineFile) -> list[tuple[TableDescriptor, SqlSource]]:
    text = read_sql(pipeline.path)
    if not any(name in text.casefold() for name in FORMATS):
        return []
    variables = dict(pipeline.variables)
    source = resolve_sql(project, text, shown(pipeline.path), variables=variables)
    script = bind_source(source, pipeline.settings, may_be_empty=True)
    return [
        (table if table.name == name else replace(table, name=name), source)
        for name, table in script.tables.items()
        if table.options.get("connector") in FORMATS
    ]


def _place(table: TableDescriptor) -> list[str | None]:
    """What tells two tables apart, of the options."""
    keys = ("connector", "catalog-name", "catalog-database", "catalog-table", "uri", "warehouse")
    return [table.options.get(key) for key in (*keys, "table-path")]
