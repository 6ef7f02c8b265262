"""How a run says where it is: a bar on a terminal, a quiet line now and then in a log. Always on stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[str], None]
"""Says that one more of the things is done, with a few words on how it goes."""


@contextmanager
def progress(label: str, total: int, every_s: float) -> Iterator[Advance]:
    """Report the progress of `total` things: call what is yielded once for each that is done."""
    if sys.stderr.isatty():
        with _bar(label, total) as advance:
            yield advance
    else:
        yield _lines(label, total, every_s)


@contextmanager
def _bar(label: str, total: int) -> Iterator[Advance]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, TextColumn("{task.fields[words]}"), console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total, words="")
        yield lambda words: bar.update(task, advance=1, words=words)


def _lines(label: str, total: int, every_s: float) -> Advance:
    done, said = 0, time.monotonic()

    def advance(words: str) -> None:
        nonlocal done, said
        done += 1
        if done == total or time.monotonic() - said >= every_s:
            said = time.monotonic()
            print(f"{label} {done}/{total}  {words}".rstrip(), file=sys.stderr, flush=True)

    return advance
