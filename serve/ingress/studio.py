"""The web studio, where it was built: the files of serve/studio/dist, at /studio. Whoever opens the bare address comes
there, or else to the page of the API."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from serve.ingress.docs import DOCS

BUILT = Path(__file__).parent.parent / "studio" / "dist"


def install(app: FastAPI, built: Path = BUILT) -> None:
    """Make `app` show the studio, which asks the API as any other client does, to anybody."""
    there = (built / "index.html").is_file()
    if there:
        app.mount("/studio", StaticFiles(directory=built, html=True))

    @app.get("/", include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse("/studio/" if there else DOCS)
