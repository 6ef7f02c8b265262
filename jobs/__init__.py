"""One file, one batch program, plus the `danceapp` command line."""

import os

# OpenBLAS adds up in another order with another number of threads, which it reads when numpy is first imported. What is
# computed here and handed to workers, such as templates, is to be the same to the bit as what replicas make of it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
