"""Spans of what is done with a clip from its upload to its index, for OpenTelemetry.

They are sent by OTLP over HTTP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set (the SDK's other `OTEL_*` variables hold too);
otherwise nothing is made or sent. The trace of a clip begins when its upload is signed. It is kept with the upload, the
video and the job in the queue, as a W3C traceparent, because the steps come in requests and processes of their own.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

_tracer: trace.Tracer = trace.NoOpTracer()
_w3c = TraceContextTextMapPropagator()


def start(process: str) -> "TracerProvider | None":
    """Begin to send the spans of this process, if there is where to; `process`: what it is, such as "worker"."""
    global _tracer
    if not os.environ.get(ENDPOINT):
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"danceapp-{process}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("danceapp")
    return provider


@contextmanager
def span(name: str, parent: str | None = None, **attributes: str | int) -> Iterator[None]:
    """A span about what is done meanwhile, errors included; `parent`: a traceparent, by default the span around."""
    context = _w3c.extract({"traceparent": parent}) if parent else None
    with _tracer.start_as_current_span(name, context, attributes=attributes):
        yield


def carried() -> str | None:
    """The traceparent of the span around, to be continued elsewhere; None where nothing is traced."""
    carrier: dict[str, str] = {}
    _w3c.inject(carrier)
    return carrier.get("traceparent")
