"""The ingress, put together."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.openapi.utils import get_openapi

from serve.ingress import (
    analysis,
    annotations,
    auth,
    composer,
    compositions,
    docs,
    enrolment,
    errors,
    exports,
    health,
    infer,
    keys,
    metrics,
    moves,
    oidc,
    parts,
    patterns,
    search,
    similar,
    studio,
    uploads,
    videos,
    webhooks,
)
from serve.ingress.access import ACCESS
from serve.ingress.document import HEADERS, complete, components, link
from serve.ingress.envelope import SMALL, Envelope
from serve.ingress.examples import exemplify
from serve.ingress.models import Failure, Shape
from serve.ingress.services import Services
from serve.ingress.streams import Streams

ROUTERS = tuple(
    part.router
    for part in (
        health,
        auth,
        oidc,
        keys,
        uploads,
        parts,
        videos,
        analysis,
        infer,
        moves,
        search,
        patterns,
        similar,
        annotations,
        enrolment,
        composer,
        compositions,
        exports,
        webhooks,
        metrics,
    )
)

VERSION = "1.0.0"
"""Of the API: the first number is the `/v1` of the paths."""


def create_app(services: Services) -> FastAPI:
    """The ingress as an ASGI app."""
    numbers, media = services.settings.serve, services.settings.media
    app = FastAPI(title="DanceApp", version=VERSION, openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None)
    app.state.services, app.state.streams = services, Streams(numbers)
    app.openapi = describe  # type: ignore[method-assign]
    for router in ROUTERS:
        app.include_router(router)
    docs.install(app)
    studio.install(app)
    errors.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    short = numbers.infer_max_bytes + SMALL
    limits = {"/v1/infer": short, "/v1/search/similar": short, "/content": media.max_bytes + SMALL}
    app.add_middleware(Envelope, limits=limits, at_once=numbers.ingress_ongoing)
    if numbers.cors_origins:  # outermost: a browser is to see failures too
        app.add_middleware(
            CORSMiddleware, allow_origins=numbers.cors_origins, allow_methods=["*"], allow_headers=["*"],
            expose_headers=list(HEADERS),
        )  # fmt: skip
    return app


@cache
def describe() -> dict[str, Any]:
    """The OpenAPI document, with what every route has in common: who may, and how failures look."""
    routes = [route for router in ROUTERS for route in router.routes]
    said = get_openapi(
        title="DanceApp", version=VERSION, summary="Finds and names the moves in dance clips", routes=routes
    )
    schemas = said["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    failure = Failure.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= failure.pop("$defs") | {"Failure": failure}
    for shape in Shape.kinds():  # the framework takes every null out of their examples
        if shape.__name__ in schemas and "json_schema_extra" in shape.model_config:
            schemas[shape.__name__] |= shape.model_config["json_schema_extra"]
    said["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    said["components"]["headers"] = components()
    responses: dict[str, Any] = {}
    said["components"]["responses"] = responses
    for (method, path), rule in ACCESS.items():
        responses |= complete(said["paths"][path][method.lower()], method, path, rule)
    link(said)
    exemplify(said)
    return said
