"""One line of the benchmark report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`value` in `unit` against `peer` (what it is measured beside); `ratio` is compared with `target` by `holds`."""

    name: str
    value: float
    unit: str
    peer: str
    ratio: float
    target: str
    holds: bool
