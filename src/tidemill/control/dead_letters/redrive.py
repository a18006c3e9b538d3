"""Puts the messages of dead letters back into the topics they came from.

Guarantees: a letter's message is put back once, however often and from how many places this runs:
message and mark are one Kafka transaction, and a later run fences an earlier one. A message that
fails again is a new letter, with an origin of its own. Only what reached no result is put back, so
no row counts twice in the pipeline. Non-guarantees: its place among the messages of its topic is
the end, so it may be late for windows; other readers of the topic get it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from tidemill.connectors.kafka.records import NewRecord
from tidemill.connectors.kafka.redrive import Redriver, Return
from tidemill.control.dead_letters.read import FOREIGN, Letter, letters, marks_topic
from tidemill.control.dead_letters.selection import Selection
from tidemill.control.pipeline import compile_pipeline
from tidemill.control.topic_admin import topic_uses
from tidemill.control.topics import Cluster
from tidemill.plan import PhysicalPlan
from tidemill.project import Project
from tidemill.records import dataclass

BATCH_RECORDS = 500
_BEFORE_THE_PLAN = ("parse", "type")


@dataclass(frozen=True, slots=True)
class Redriven:
    """What a redrive did, or with `dry_run` would do.

    `topics` counts the messages put back, `already` those that were before, `kept` by reason those
    that stay letters; `also_read_by` are the other pipelines that read the topics.
    """

    pipeline: str
    dry_run: bool
    topics: Mapping[str, int]
    already: int
    kept: Mapping[str, int]
    also_read_by: Mapping[str, tuple[str, ...]]

    @property
    def messages(self) -> int:
        """How many messages were put back."""
        return sum(self.topics.values())


def redrive(
    project: Project,
    cluster: Cluster,
    pipeline: str,
    selection: Selection | None = None,
    *,
    dry_run: bool = False,
    limit: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Redriven:
    """Put the messages of a pipeline's letters back; raises TidemillError.

    Args:
        project: whose pipeline it is.
        cluster: where the letters and the topics are.
        pipeline: its name or file.
        selection: which letters; all by default.
        dry_run: only say what would be done.
        limit: at most so many messages.
        progress: told how many messages are back.
    """
    file = project.pipeline(pipeline)
    plan = compile_pipeline(project, file, lenient=True).plan
    chosen = _Chosen(plan, selection or Selection())
    # Read as it is asked for: behind the fence, so an earlier run has marked all that it put back.
    returns = islice(chosen.returns(letters(project, cluster, file.name)), limit)
    if dry_run:
        chosen.topics.update(one.topic for one in returns)
    else:
        prefix = f"tidemill-redrive-{project.name}.{file.name}"
        with Redriver(cluster.admin(), marks_topic(file.name), prefix) as redriver:
            while batch := list(islice(returns, BATCH_RECORDS)):
                redriver.put(batch)
                chosen.topics.update(one.topic for one in batch)
                progress(sum(chosen.topics.values()))
    read_by = topic_uses(project).read_by
    others = {
        topic: tuple(name for name in read_by.get(topic, ()) if name != file.name)
        for topic in chosen.topics
    }
    return Redriven(
        file.name,
        dry_run,
        dict(chosen.topics),
        chosen.already,
        dict(chosen.kept),
        {topic: names for topic, names in others.items() if names},
    )


class _Chosen:
    """The letters that are meant, sorted into those that go back and those that stay."""

    def __init__(self, plan: PhysicalPlan, selection: Selection) -> None:
        self._plan, self._selection = plan, selection
        self._sources = {source.table.name: source for source in plan.sources}
        self.topics: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()
        self.already = 0
        self._seen: set[str] = set()

    def returns(self, found: Iterator[Letter]) -> Iterator[Return]:
        """What goes back, each origin once."""
        for letter in found:
            if not self._selection.has(letter):
                continue
            origin = letter.origin
            if letter.redriven or origin in self._seen:
                self.already += 1
                continue
            reason = self._why_not(letter)
            if reason is not None:
                self.kept[reason] += 1
                continue
            assert origin is not None
            self._seen.add(origin)
            yield self._return(origin, letter)

    def _return(self, origin: str, letter: Letter) -> Return:
        assert letter.topic is not None
        mended = self._selection.mended.get(origin)
        key = letter.key if mended is None else mended.key
        value = letter.value if mended is None else mended.value
        record = NewRecord(value, key, int(letter.partition or 0), letter.timestamp_ms)
        return Return(origin, letter.topic, record)

    def _why_not(self, letter: Letter) -> str | None:
        """Why a letter's message must not, or cannot, be put back."""
        if letter.stage == FOREIGN:
            return "no pipeline wrote them: somebody else put them among the letters"
        if letter.origin is None or letter.timestamp_ms is None:
            return (
                "they hold a row and not the message of a topic: mend the cause, and the row where "
                "it comes from"
            )
        source = self._sources.get(letter.table)
        if source is None:
            return f"the pipeline does not read {letter.table} any more"
        topics = source.table.options.get("topic")
        if topics is not None and str(letter.topic) not in map(str.strip, topics.split(";")):
            return (
                f"{letter.table} reads another topic: these letters are of another project's "
                "pipeline with this name"
            )
        if source.changelog.updates or source.changelog.upsert:
            return (
                f"{letter.table} is a changelog, and an old change behind newer ones would undo "
                "them: make a new snapshot"
            )
        if letter.stage in _BEFORE_THE_PLAN:
            return None
        if (letter.value or b"").lstrip()[
            :1
        ] == b"[" and letter.origin not in self._selection.mended:
            return (
                "their messages hold several rows, of which some were taken: mend them to the rows "
                "that failed"
            )
        if self._splits(source.id):
            return (
                f"the rows of {letter.table} go several ways, of which some may have taken the "
                "row: it would count twice"
            )
        return None

    def _splits(self, node: str) -> bool:
        """Whether what a node gives is read in more than one place, there or further on."""
        edges = [(o.id, edge) for o in self._plan.operators for edge in o.edges]
        edges += [(o.id, edge) for o in self._plan.outputs for edge in o.edges]
        readers = [reader for reader, edge in edges if edge.input == node]
        return len(readers) > 1 or any(map(self._splits, readers))
