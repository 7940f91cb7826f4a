"""Spans: tracing with OpenTelemetry. Only `app` imports this, when traces are wanted: it needs the extra `otel`.

What waits in a queue is taken by another task, perhaps on another machine, much later. So a message has a span of its
own whose ids are worked out from its id, and a turn a trace whose id is worked out from the turn's: whoever takes a
message links to its span without having been told anything, and every attempt of a turn is in one trace.
"""

import hashlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import (
    Link,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from laneway.domain.queue import QueueItem
from laneway.domain.turn import Turn
from laneway.runtime.tracing import Answered, RawHeaders

_CARRIERS = (b"traceparent", b"tracestate")


class Spans:
    """Implements `Tracing`."""

    def __init__(self, processor: SpanProcessor, node: str) -> None:
        self._ids = _Ids()
        resource = Resource.create({SERVICE_NAME: "laneway", SERVICE_INSTANCE_ID: node})
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("laneway")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, method: str, headers: RawHeaders) -> Generator[Answered]:
        carried = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers if name in _CARRIERS}
        parent = self._propagator.extract(carried, Context())
        with self._tracer.start_as_current_span(
            method, parent, SpanKind.SERVER, {"http.request.method": method}, record_exception=False
        ) as span:
            yield _Request(span, method)

    def accepted(self, item: QueueItem) -> None:
        cause = get_current_span().get_span_context()
        with self._ids.pinned(context_of(item.id)):
            span = self._tracer.start_span(
                "message", Context(), SpanKind.PRODUCER,
                {"laneway.item_id": item.id} | _place(item.session_id, item.thread_id),
                [Link(cause)] if cause.is_valid else (),
            )  # fmt: skip
        span.end()

    @contextmanager
    def turn(self, turn: Turn, item_ids: Iterable[str]) -> Generator[None]:
        links = [Link(context_of(item_id)) for item_id in item_ids]
        attributes = {
            "laneway.turn_id": turn.id, "laneway.attempt": turn.attempt, "laneway.agent": turn.runs[0].agent,
            **_place(turn.session_id, turn.thread_id),
        }  # fmt: skip
        with self._ids.pinned(context_of(turn.id), trace_only=True):
            span = self._tracer.start_span("turn", Context(), SpanKind.CONSUMER, attributes, links)
        with self._as_current(span):
            yield

    @contextmanager
    def tool(self, name: str) -> Generator[None]:
        with self._as_current(self._tracer.start_span(f"tool {name}", attributes={"laneway.tool": name})):
            yield

    def close(self) -> None:
        self._provider.shutdown()

    @contextmanager
    def _as_current(self, span: Span) -> Generator[None]:
        # The exception's text may hold what no trace should; its kind says enough.
        with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise


def context_of(id: str) -> SpanContext:
    """The span of the thing with this id, in a trace of its own: the same wherever it is asked for."""
    digest = hashlib.sha256(id.encode()).digest()
    return SpanContext(
        int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big"), is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )  # fmt: skip


def _place(session_id: str, thread_id: str) -> dict[str, str | int]:
    return {"laneway.session_id": session_id, "laneway.thread_id": thread_id}


class _Request:
    def __init__(self, span: Span, method: str) -> None:
        self._span = span
        self._method = method

    def is_answered(self, route: str, status: int) -> None:
        self._span.update_name(f"{self._method} {route}".strip())
        self._span.set_attributes({"http.route": route, "http.response.status_code": status})
        if status >= 500:
            self._span.set_status(Status(StatusCode.ERROR))


class _Ids(IdGenerator):
    """Random ids, but for a span whose ids follow from what it is about."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self._trace: ContextVar[int | None] = ContextVar("trace", default=None)
        self._span: ContextVar[int | None] = ContextVar("span", default=None)

    def generate_trace_id(self) -> int:
        return self._trace.get() or self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        return self._span.get() or self._random.generate_span_id()

    @contextmanager
    def pinned(self, context: SpanContext, trace_only: bool = False) -> Generator[None]:
        trace = self._trace.set(context.trace_id)
        span = self._span.set(None if trace_only else context.span_id)
        try:
            yield
        finally:
            self._trace.reset(trace)
            self._span.reset(span)
