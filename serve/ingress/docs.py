"""The page that describes every route: Swagger UI over the OpenAPI document, all of it from here.

Whoever reads it tells nobody else: the files come with a package, and the browser is told to ask no other host.
"""

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

DOCS, FILES = "/v1/docs", "/v1/docs/files"

ONLY_US = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline';"
    " script-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content Security Policy. The page starts Swagger UI, which styles itself, within the page."""


def install(app: FastAPI) -> None:
    """Make `app` show its document at DOCS, to anybody."""
    app.mount(FILES, StaticFiles(packages=[("fastapi_offline", "static")]))

    @app.get(DOCS, include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        page = get_swagger_ui_html(
            title=app.title, openapi_url=f"{root}{app.openapi_url}", swagger_favicon_url=f"{root}{FILES}/favicon.png",
            swagger_js_url=f"{root}{FILES}/swagger-ui-bundle.js", swagger_css_url=f"{root}{FILES}/swagger-ui.css",
            swagger_ui_parameters={"validatorUrl": None},  # which would send the document elsewhere to be judged
        )  # fmt: skip
        page.headers["Content-Security-Policy"] = ONLY_US
        return page
