"""The service with the numbers of the settings, for those who deploy it by a file: `serve build` takes it from here."""

from cluster.settings import settings
from serve.app import build

application = build(settings().serve)
