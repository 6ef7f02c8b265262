"""The tutorial sheet: a PDF that one can dance from. Bars as grids of four counts, steps as pictures with arrows."""

import io

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from dancecore.composer.composition import Composition
from dancecore.composer.exports import fonts
from dancecore.composer.exports.figures import MOST, Pose, draw_figure, poses
from dancecore.composer.steps import Step
from dancecore.composer.wish import BAR
from dancecore.errors import DanceError
from dancecore.moves.draw import INK
from dancecore.moves.sequence import mirrored
from dancecore.moves.taxonomy import Taxonomy

WIDTH, HEIGHT = A4
MARGIN, GUTTER = 40.0, 14.0
COLUMN = (WIDTH - 2 * MARGIN - GUTTER) / 2
"""Points of a step's block: two beside each other, as bars are read."""
FIGURE, CELL = 62.0, 22.0
"""Points that figures and the cells of a bar are high."""
BLOCK = FIGURE + 44.0
TINTS = ((0.87, 0.93, 0.98), (0.99, 0.92, 0.85))
"""Of the cells of one step and the next."""


def to_pdf(composition: Composition, taxonomy: Taxonomy, credits: str = "") -> bytes:
    """The sheet: title, tempo and length; every bar with its counts; every step with 3 to 5 pictures on the counts they
    are of, arrows for the ways of hands and feet, and a mark where it is mirrored; last, who is to be thanked.

    Raises DanceError("NOT_FOUND") for moves without a motion.
    """
    if lacking := sorted({step.move_id for step in composition.steps} - taxonomy.moves.keys()):
        raise DanceError("NOT_FOUND", f"{taxonomy.semver} has no pictures of {', '.join(lacking)}", {"moves": lacking})
    fonts.register()
    out = io.BytesIO()
    page = Canvas(out, pagesize=A4, pageCompression=1, invariant=1)
    page.setTitle(composition.title)
    page.setCreator("DanceApp")
    sheet = _Sheet(page, composition, taxonomy, credits)
    sheet.write()
    page.save()
    return out.getvalue()


class _Sheet:
    """A sheet being written, from the top of its first page down."""

    def __init__(self, page: Canvas, composition: Composition, taxonomy: Taxonomy, credits: str) -> None:
        self.page, self.composition, self.taxonomy = page, composition, taxonomy
        self.credits = credits or f"Moves of {composition.moveset_version}. Made with DanceApp."
        self.number, self.y = 1, HEIGHT - MARGIN
        self._drawn: dict[tuple[str, bool], list[Pose]] = {}

    def write(self) -> None:
        """All pages."""
        self._head()
        self._bars()
        self._steps()
        self._foot()

    def _head(self) -> None:
        made = self.composition
        self.y -= 20
        self._ink()
        fonts.write(self.page, MARGIN, self.y, made.title, fonts.BOLD, 20, WIDTH - 2 * MARGIN)
        self.y -= 18
        length = made.seconds(made.beats)
        facts = [f"{made.bpm:g} bpm", f"{made.bars} bars", f"{len(made.steps)} steps"]
        facts.append(f"{length // 60:.0f}:{length % 60:02.0f}")
        fonts.write(self.page, MARGIN, self.y, "  ·  ".join(facts), fonts.PLAIN, 10, WIDTH - 2 * MARGIN)
        self.y -= 16

    def _bars(self) -> None:
        """The grid of each bar, two beside each other: an eight-count."""
        for bar in range(0, self.composition.bars, 2):
            self._room(CELL + 8)
            for side in (0, 1):
                if bar + side < self.composition.bars:
                    self._bar(bar + side, MARGIN + side * (COLUMN + GUTTER), self.y - CELL)
            self.y -= CELL + 8
        self.y -= 6

    def _bar(self, bar: int, x: float, y: float) -> None:
        cell, x = (COLUMN - 18) / BAR, x + 18
        self._ink()
        fonts.write(self.page, x - 18, y + 7, str(bar + 1), fonts.BOLD, 8, 16)
        spans = self._spans(bar)
        for order, first, after, _ in spans:
            self.page.setFillColorRGB(*TINTS[order % 2])
            self.page.rect(x + first * cell, y, (after - first) * cell, CELL, stroke=0, fill=1)
        self._ink()
        self.page.setLineWidth(0.4)
        for count in range(BAR):
            self.page.rect(x + count * cell, y, cell, CELL, stroke=1, fill=0)
            said = f"{BAR * (bar % 2) + count + 1}"
            fonts.write(self.page, x + count * cell + 2, y + CELL - 7, said, fonts.PLAIN, 5, cell)
        for _, first, after, said in spans:
            fonts.write(self.page, x + first * cell + 3, y + 4, said, fonts.PLAIN, 7, (after - first) * cell - 5)

    def _spans(self, bar: int) -> list[tuple[int, float, float, str]]:
        """Of each step that is danced in a bar: its order, from which count to which, and what is written there."""
        found, begins = [], BAR * bar
        for order, (step, start) in enumerate(zip(self.composition.steps, self.composition.starts, strict=True)):
            first, after = max(start, begins), min(start + step.beats, begins + BAR)
            if first < after:
                said = self._name(order, step) if first == start else "…"
                found.append((order, first - begins, after - begins, said))
        return found

    def _steps(self) -> None:
        """A block for each step, two beside each other."""
        for order, (step, start) in enumerate(zip(self.composition.steps, self.composition.starts, strict=True)):
            if order % 2 == 0:
                self._room(BLOCK)
            self._step(order, step, start, MARGIN + order % 2 * (COLUMN + GUTTER), self.y - BLOCK)
            if order % 2 or order == len(self.composition.steps) - 1:
                self.y -= BLOCK

    def _step(self, order: int, step: Step, start: float, x: float, y: float) -> None:
        self.page.setStrokeColorRGB(*(c / 255 for c in INK.floor))
        self.page.setLineWidth(0.7)
        self.page.rect(x, y + 6, COLUMN, BLOCK - 10, stroke=1, fill=0)
        self._ink()
        fonts.write(self.page, x + 5, y + BLOCK - 15, self._name(order, step), fonts.BOLD, 9, COLUMN - 10)
        counts = f"{step.beats:g} counts, from bar {int(start // BAR) + 1}, count {start % BAR + 1:g}"
        said = f"{counts}. {step.notes}" if step.notes else counts
        fonts.write(self.page, x + 5, y + BLOCK - 26, said, fonts.PLAIN, 7, COLUMN - 10)
        shown = self._poses(step)
        wide = COLUMN / max(len(shown), MOST - 1)
        for i, pose in enumerate(shown):
            middle = x + wide * (i + 0.5) + (COLUMN - wide * len(shown)) / 2
            draw_figure(self.page, pose, middle, y + 16, FIGURE, arrows=True)
            self._ink()
            fonts.write(self.page, middle - 4, y + 9, _count(pose.beat), fonts.PLAIN, 7, wide)

    def _poses(self, step: Step) -> list[Pose]:
        key = step.move_id, step.mirror
        if key not in self._drawn:
            motion = self.taxonomy.moves[step.move_id].motion
            self._drawn[key] = poses(mirrored(motion), -1.0) if step.mirror else poses(motion)
        return self._drawn[key]

    def _name(self, order: int, step: Step) -> str:
        name = self.taxonomy.moves[step.move_id].name
        return f"{order + 1}. {name} ⇋ mirror" if step.mirror else f"{order + 1}. {name}"

    def _ink(self) -> None:
        self.page.setFillColorRGB(*(c / 255 for c in INK.middle))
        self.page.setStrokeColorRGB(*(c / 255 for c in INK.middle))

    def _room(self, height: float) -> None:
        """Begin a page where there is too little room left on this one."""
        if self.y - height < MARGIN + 12:
            self._foot()
            self.page.showPage()
            self.number += 1
            self.y = HEIGHT - MARGIN

    def _foot(self) -> None:
        self._ink()
        fonts.write(self.page, MARGIN, MARGIN - 12, self.credits, fonts.PLAIN, 7, WIDTH - 2 * MARGIN - 40)
        fonts.write(self.page, WIDTH - MARGIN - 12, MARGIN - 12, str(self.number), fonts.PLAIN, 7, 20)


def _count(beat: float) -> str:
    """A beat as dancers count: 1, 1&, 2, with e and a for quarters."""
    whole, part = divmod(round(4 * beat), 4)
    return f"{whole + 1}{('', 'e', '&', 'a')[part]}"
