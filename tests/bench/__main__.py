"""Runs the benchmarks, writes bench-report.json: python -m tests.bench [NAME...], such as `pose job`; all by default.

Each `bench_NAME.py` offers `measure() -> list[Row]`. Exits with 1 when a target is missed.
"""

import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench.report import Row

HERE = Path(__file__).parent
REPORT = HERE.parent.parent / "bench-report.json"


def main(names: Sequence[str]) -> int:
    """Measure, print, write; 1 when a target is missed."""
    rows: list[Row] = []
    for name in names or sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py")):
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"tests.bench.bench_{name}").measure()
        REPORT.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    Console(width=max(Console().width, 120)).print(table(rows))
    return 0 if all(row.holds for row in rows) else 1


def table(rows: Sequence[Row]) -> Table:
    """One line a row."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("name", "value", "unit", "peer", "ratio", "target", "holds"):
        made.add_column(column, justify="right" if column in ("value", "ratio") else "left")
    for row in rows:
        holds = "[green]yes[/]" if row.holds else "[red]no[/]"
        made.add_row(row.name, f"{row.value:.3g}", row.unit, row.peer, f"{row.ratio:.3g}", row.target, holds)
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
