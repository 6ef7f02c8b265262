"""How a replica tells what it does: its log and its spans."""

import logging

from cluster import tracing
from cluster.logs import Ids


def tell(process: str) -> None:
    """Begin: what we log goes where Serve keeps the lines of this replica, with the ids of request and job, and spans
    to whom they are sent. `process`: what it is, such as "worker"."""
    ours = logging.getLogger("danceapp")
    ours.handlers = logging.getLogger("ray.serve").handlers
    for handler in ours.handlers:
        handler.addFilter(Ids())  # the last of them: one of Serve's takes `job_id` away, which is Ray's own to it
    ours.setLevel(logging.INFO)
    tracing.start(process)
