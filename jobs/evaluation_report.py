"""What `danceapp evaluate` found, as a table, as JSON and as one page of HTML."""

import json
import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich import box
from rich.console import Console
from rich.table import Table

from dancecore.learning.datasets.folder import write_whole
from dancecore.learning.metrics import Estimate, Label
from dancecore.learning.protocols.plan import Protocol
from dancecore.learning.scores import Scores
from jobs.evaluate import Result

Compared = Sequence[tuple[Protocol, Sequence[Result]]]

STYLE = """body{font:15px/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}
td{padding:.2rem .8rem;border-bottom:1px solid #ddd;text-align:right}td:first-child{text-align:left}
img{max-width:100%}"""

INCHES = 0.16
"""Of a picture for each label: enough for a line of 7 points."""


def print_results(compared: Compared) -> None:
    """A table for each protocol: scores down, recognisers across, 95 % intervals in brackets."""
    console = Console()
    for protocol, results in compared:
        console.print(f"\n[bold]{protocol.name}[/bold]  {escape_markup(protocol.about)}")
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column(f"{results[0].scores.questions} questions", no_wrap=True)
        for each in results:
            table.add_column(each.recogniser, justify="right")
        for name, cells in _rows(results):
            table.add_row(name, *map(escape_markup, cells))
        console.print(table)


def as_json(compared: Compared) -> str:
    """Everything: `{protocol: {about, questions, recognisers: {name: scores}}}`; labels as texts, NaN as null."""
    return json.dumps(
        {
            protocol.name: {
                "about": protocol.about,
                "questions": results[0].scores.questions,
                "recognisers": {each.recogniser: _plain(each) for each in results},
            }
            for protocol, results in compared
        },
        indent=1,
    )


def write_html(compared: Compared, path: Path, title: str) -> None:
    """One page that needs no other file: tables, confusion, reliability, and precision and recall of every class."""
    head = f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
    parts = [head, f"<h1>{escape(title)}</h1>"]
    for protocol, results in compared:
        parts.append(f"<h2>{escape(protocol.name)}</h2><p>{escape(protocol.about)}</p>{_html_table(results)}")
        parts += [f"<h3>{escape(each.recogniser)}</h3>{_picture(each)}" for each in results]
    write_whole(path, "\n".join(parts).encode())


def text(label: Label) -> str:
    """A label in words."""
    if isinstance(label, tuple):
        return f"{label[0]} mirrored" if label[1] else str(label[0])
    return str(label)


def escape_markup(words: str) -> str:
    """Brackets as they are, not as markup of rich."""
    return words.replace("[", "\\[")


def _rows(results: Sequence[Result]) -> list[tuple[str, list[str]]]:
    first = results[0].scores
    rows = [(name, [_cell(each.scores.numbers.get(name)) for each in results]) for name in first.numbers]
    rows += [(f"right at {name}", [_cell(each.scores.by.get(name)) for each in results]) for name in first.by]
    return [*rows, ("processor seconds", [f"{each.seconds:.1f}" for each in results])]


def _cell(estimate: Estimate | None) -> str:
    return "-" if estimate is None or math.isnan(estimate.value) else str(estimate)


def _plain(result: Result) -> dict[str, Any]:
    scores = result.scores
    plain: dict[str, Any] = {"processor_seconds": round(result.seconds, 2)}
    plain["scores"] = {name: _numbers(each) for name, each in scores.numbers.items()}
    plain["by_condition"] = {name: _numbers(each) for name, each in scores.by.items()}
    plain["classes"] = {text(label): asdict(values) for label, values in scores.classes.items()}
    table = scores.confusion
    plain["confusion"] = {"labels": [text(label) for label in table.labels], "counts": table.counts.tolist()}
    if scores.reliability:
        bins = scores.reliability
        columns = {"counts": bins.counts, "confidence": bins.confidence, "accuracy": bins.accuracy}
        plain["reliability"] = {"edges": bins.edges.tolist()} | {n: _nulls(v) for n, v in columns.items()}
    return plain


def _numbers(estimate: Estimate) -> dict[str, float | None]:
    values = _nulls([estimate.value, estimate.low, estimate.high])
    return dict(zip(("value", "low", "high"), values, strict=True))


def _nulls(values: Any) -> list[float | None]:
    return [None if math.isnan(value) else float(value) for value in values]


def _html_table(results: Sequence[Result]) -> str:
    lines = [[f"{results[0].scores.questions} questions", *(each.recogniser for each in results)]]
    lines += [[name, *cells] for name, cells in _rows(results)]
    return "<table>" + "".join("<tr>" + "".join(f"<td>{escape(cell)}" for cell in line) for line in lines) + "</table>"


def _picture(result: Result) -> str:
    what = escape(f"confusion, reliability and classes of {result.recogniser}", quote=True)
    return f"<img alt='{what}' src='{_drawn(result.scores)}'>"


def _drawn(scores: Scores) -> str:
    """The pictures of one recogniser, as the address of a PNG that holds itself."""
    names = [text(label) for label in scores.classes]
    side, height = (max(5.0, INCHES * len(labels)) for labels in (scores.confusion.labels, names))
    figure = Figure(figsize=(max(12.0, side + 2), side + height + 2), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=[side + 2, height])  # an array, which its type does not say
    above, below = parts
    _draw_confusion(above.subplots(), scores)
    classes, reliable = below.subplots(1, 2)
    _draw_classes(classes, names, scores)
    _draw_reliability(reliable, scores)
    out = BytesIO()
    figure.savefig(out, dpi=80, format="png")
    return f"data:image/png;base64,{b64encode(out.getvalue()).decode()}"


def _draw_confusion(axes: Axes, scores: Scores) -> None:
    axes.set_title("confusion: true down, found across")
    counts, labels = scores.confusion.counts, [text(label) for label in scores.confusion.labels]
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=7)
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    for i, j in zip(*np.nonzero(counts), strict=True) if len(labels) <= 20 else ():
        colour = "white" if shares[i, j] > 0.5 else "black"
        axes.text(j, i, str(counts[i, j]), ha="center", va="center", fontsize=7, color=colour)


def _draw_classes(axes: Axes, names: list[str], scores: Scores) -> None:
    axes.set_title("precision (blue) and recall (orange)")
    at = np.arange(len(names))
    axes.barh(at - 0.2, [values.precision for values in scores.classes.values()], height=0.4)
    axes.barh(at + 0.2, [values.recall for values in scores.classes.values()], height=0.4)
    axes.set_yticks(at, names, fontsize=7)
    axes.set_xlim(0, 1)
    axes.invert_yaxis()


def _draw_reliability(axes: Axes, scores: Scores) -> None:
    axes.set_title("reliability: how often right, by confidence")
    axes.set_aspect("equal", anchor="N")
    axes.plot([0, 1], [0, 1], color="gray", linestyle=":")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    if scores.reliability:
        bins = scores.reliability
        filled = bins.counts > 0
        axes.bar(bins.edges[:-1][filled], bins.accuracy[filled], width=np.diff(bins.edges)[filled], align="edge",
                 edgecolor="white")  # fmt: skip
        axes.plot(bins.confidence[filled], bins.accuracy[filled], "k.")
