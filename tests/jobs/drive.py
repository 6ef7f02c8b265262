"""The indexing job with quick workers as a program to be killed: python -m tests.jobs.drive FOLDER [ADDRESS]"""

import sys
from pathlib import Path

from cluster.settings import settings
from jobs.index import index
from jobs.summary import print_summary
from tests.jobs.quick import QuickWorker

if __name__ == "__main__":
    folder, address = (*sys.argv[1:], None)[:2]
    print_summary(index([Path(folder)], settings(), address=address, pose=QuickWorker))
