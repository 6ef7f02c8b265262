"""What has to be there before clips are analysed."""

from cluster.database import engine
from cluster.layer import own_exemplars
from cluster.library import Library, load_library, store_moves
from cluster.migrate import migrate
from cluster.objects import objects
from cluster.serving import Served, served
from cluster.settings import Settings


def ready(settings: Settings) -> Library:
    """What clips are named by, unless a canary is on trial: see `models_ready`."""
    return models_ready(settings).production


def models_ready(settings: Settings) -> Served:
    """The models that serve, over the taxonomy and what its user enrolled, with the database brought up to it.

    Raises as `cluster.serving.served` does.
    """
    migrate()
    library = load_library(settings, own=own_exemplars(engine(), objects()))
    store_moves(engine(), library.taxonomy)
    return served(engine(), objects(), library, settings.registry)
