"""What has to be there before clips are analysed."""

from cluster.database import engine
from cluster.layer import own_exemplars
from cluster.library import Library, load_library, store_moves
from cluster.migrate import migrate
from cluster.objects import objects
from cluster.serving import Served, served
from cluster.settings import Settings


def library_ready(settings: Settings) -> Library:
    """The taxonomy with what its user enrolled and the model beside it, and the database brought up to it."""
    migrate()
    library = load_library(settings, own=own_exemplars(engine(), objects()))
    store_moves(engine(), library.taxonomy)
    return library


def models_ready(settings: Settings) -> Served:
    """The models that serve, over the library that is ready. Raises as `cluster.serving.served` does."""
    return served(engine(), objects(), library_ready(settings), settings.registry)
