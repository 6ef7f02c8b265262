"""What has to be there before clips are analysed."""

from cluster.database import engine
from cluster.layer import own_exemplars
from cluster.library import Library, load_library, store_moves
from cluster.migrate import migrate
from cluster.objects import objects
from cluster.settings import Settings


def ready(settings: Settings) -> Library:
    """The taxonomy and what its user enrolled, with the database brought up to it."""
    migrate()
    library = load_library(settings, own=own_exemplars(engine(), objects()))
    store_moves(engine(), library.taxonomy)
    return library
