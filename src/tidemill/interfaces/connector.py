"""How a connector is registered and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from tidemill.interfaces.catalog import TableCatalog
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.lookup import Lookup, LookupCaching
from tidemill.interfaces.options import OptionSet
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import DataType, TableDescriptor
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class JobContext:
    """Who is running: stable across restarts of the same pipeline.

    `job` names the pipeline and its deployment (used in transactional ids, epoch rows, file
    names). `formats` are the formats a connector may use, by name: connectors never import them.
    `delivery` is `exactly-once` or `at-least-once`, the default where a table's options say
    nothing. `traced`: sources tell the trace context of what they read, and sinks write that of the
    epoch, where their messages can carry one.
    """

    job: str
    formats: Mapping[str, FormatFactory]
    delivery: str = "exactly-once"
    traced: bool = False


@dataclass(frozen=True, slots=True)
class Changelog:
    """Which row kinds a source emits or a sink takes."""

    updates: bool
    """Whether -U, +U and -D occur (source) or are taken (sink)."""
    upsert: bool = False
    """Whether updates come, or may come, without -U, keyed by the primary key."""


@dataclass(frozen=True, slots=True)
class Connector:
    """One connector, as listed in `tidemill.connectors.CONNECTORS`.

    `options` covers the table's WITH clause except `connector` and the formats' own options.
    `source_changelog` and `sink_changelog` answer for one table, before anything is opened, and
    validate its options on the way; None stands for: this connector cannot be read (or written).
    `bounded` says whether a source of this table ends. `metadata` names the metadata keys that can
    be read from this connector, with types.
    `group_key` gives equal texts for tables whose sinks share one commit; `commit_group` then gets
    all of a job's tables with that key.
    `exclusive` names what only one source can read at a time, such as a replication slot, in words
    that are equal where it is the same.
    `lookup_caching` says how a table's looked-up rows are kept, None for not at all.
    `catalog` makes a catalog of CREATE CATALOG's options (secrets revealed by the second argument);
    tables it names keep their options as written. It checks `catalog_options` only.
    """

    name: str
    options: OptionSet
    metadata: Mapping[str, DataType] = field(default_factory=dict)
    bounded: Callable[[TableDescriptor, JobContext], bool] | None = None
    source_changelog: Callable[[TableDescriptor, JobContext], Changelog] | None = None
    sink_changelog: Callable[[TableDescriptor, JobContext], Changelog] | None = None
    source: Callable[[TableDescriptor, JobContext], Source] | None = None
    exclusive: Callable[[TableDescriptor], str] | None = None
    group_key: Callable[[TableDescriptor, JobContext], str] | None = None
    commit_group: Callable[[Sequence[TableDescriptor], JobContext], CommitGroup] | None = None
    lookup: Callable[[TableDescriptor, JobContext], Lookup] | None = None
    lookup_caching: Callable[[TableDescriptor, JobContext], LookupCaching | None] | None = None
    catalog_options: OptionSet | None = None
    catalog: Callable[[Mapping[str, str], Callable[[str], str]], TableCatalog] | None = None
