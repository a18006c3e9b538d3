"""OpenTelemetry traces of a run, on request (`observe: {opentelemetry: ...}`): a span an epoch.

The span runs from the first batch of the epoch to its commit in every sink, with `compute` and
`commit` inside it. What it read is linked: each read's newest message whose `traceparent` header
names a span. What it writes to Kafka carries the epoch's own span in that header (W3C trace
context), so a trace goes on through topics and pipelines. Guarantee: nobody waits for the
collector; spans that it does not take are dropped. With it, Kafka is read by the Python client,
which sees headers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tidemill.errors import UserError
from tidemill.model.trace_context import TraceContext, epoch_context, parse_header
from tidemill.version import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from tidemill.engine.traces import EpochTrace
    from tidemill.project import Project

_PATH = "/v1/traces"


@contextmanager
def tracing(project: Project, pipeline: str, job: str) -> Iterator[Callable[[EpochTrace], None]]:
    """What takes the epochs of a run while the block runs; spans that wait are sent at its end."""
    exporter = _exporter(str(project.settings.observe.opentelemetry))
    spans = EpochSpans(exporter, project.name, pipeline, job)
    try:
        yield spans.tell
    finally:
        spans.close()


class EpochSpans:
    """Makes spans of epochs and hands them to an exporter, from a thread of the library's."""

    def __init__(self, exporter: SpanExporter, project: str, pipeline: str, job: str) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        self._job, self._pipeline = job, pipeline
        self._ids = _ids()
        resource = Resource.create(
            {
                "service.name": "tidemill", "service.namespace": project,
                "service.version": __version__, "tidemill.pipeline": pipeline,
            }
        )  # fmt: skip
        self._provider = TracerProvider(resource=resource, id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("tidemill", __version__)

    def tell(self, epoch: EpochTrace) -> None:
        """An epoch is committed."""
        from opentelemetry.trace import Link, SpanKind, set_span_in_context  # noqa: PLC0415

        own = epoch_context(self._job, epoch.epoch)
        links = [
            Link(_span_context(context))
            for raw in epoch.contexts
            if (context := parse_header(raw)) is not None
        ]
        self._ids.next = own
        span = self._tracer.start_span(
            f"epoch of {self._pipeline}",
            context=_no_parent(),
            kind=SpanKind.CONSUMER,
            start_time=epoch.begun_ns,
            links=links,
            attributes={
                "tidemill.epoch": epoch.epoch, "tidemill.rows_in": epoch.rows["in"],
                "tidemill.rows_out": epoch.rows["out"],
                "tidemill.checkpoint_bytes": epoch.checkpoint_bytes,
            },
        )  # fmt: skip
        inside = set_span_in_context(span, _no_parent())
        steps = (
            ("compute", epoch.begun_ns, epoch.cut_ns),
            ("commit", epoch.cut_ns, epoch.committed_ns),
        )
        for name, begun_ns, ended_ns in steps:
            step = self._tracer.start_span(name, context=inside, start_time=begun_ns)
            step.end(ended_ns)
        span.end(epoch.committed_ns)

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


def _exporter(where: str) -> SpanExporter:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
    except ImportError:
        raise UserError(
            "OpenTelemetry traces need packages that are not installed",
            code="project.not-installed",
            hint="Install them: pip install 'tidemill[opentelemetry]'",
        ) from None
    if where == "environment":
        return OTLPSpanExporter()
    return OTLPSpanExporter(endpoint=where.rstrip("/").removesuffix(_PATH) + _PATH)


def _ids() -> Any:
    """An id generator that gives the next span the ids it is told, and others random ones."""
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415 - an extra

    class Ids(RandomIdGenerator):
        next: TraceContext | None = None

        def generate_span_id(self) -> int:
            given, self.next = self.next, None
            return super().generate_span_id() if given is None else given.span_id

        def generate_trace_id(self) -> int:
            return super().generate_trace_id() if self.next is None else self.next.trace_id

    return Ids()


def _span_context(context: TraceContext) -> Any:
    from opentelemetry.trace import SpanContext, TraceFlags  # noqa: PLC0415 - an extra

    return SpanContext(
        context.trace_id, context.span_id, is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )  # fmt: skip


def _no_parent() -> Any:
    """A context without a span, whatever the thread is in the middle of."""
    from opentelemetry.context import Context  # noqa: PLC0415 - an extra

    return Context()
