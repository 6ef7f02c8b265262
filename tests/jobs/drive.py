"""The indexing job with quick workers as a program of its own, to be killed: python -m tests.jobs.drive FOLDER"""

import sys
from pathlib import Path

from cluster.settings import settings
from jobs.index import index
from jobs.summary import print_summary
from tests.jobs.quick import QuickWorker

if __name__ == "__main__":
    print_summary(index([Path(sys.argv[1])], settings(), pose=QuickWorker))
