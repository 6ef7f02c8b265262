"""Cutting and hanging cloth, on pieces whose shape is known and on bodies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.synthetic.body import Body
from dancecore.synthetic.cloth import CLOSEST_M, UNDER_M, Piece, borrow, cut, lining, sheet, shell, tube
from dancecore.synthetic.form import ANGLES, Form, measure, outline

RED = (200.0, 0.0, 0.0)


@pytest.fixture
def form(body: Body) -> Form:
    return measure(body)


def flat(side: int = 6) -> Piece:
    """A unit square of side x side points in the plane z = 0, its outside +z; two bones hold its left and right."""
    at = np.linspace(0, 1, side)
    rings = np.stack([*np.meshgrid(at[::-1], at[::-1]), np.zeros((side, side))], -1)
    return sheet(rings, np.stack([1 - rings[..., 0], rings[..., 0]], -1), RED, around=False)


def areas(piece: Piece) -> np.ndarray:
    """(N, 3) each face's normal, as long as its area."""
    a, b, c = (piece.vertices[piece.faces[:, i]] for i in range(3))
    return np.asarray(np.cross(b - a, c - a) / 2)


def test_a_sheet_shows_its_outside() -> None:
    np.testing.assert_allclose(areas(flat()).sum(0), [0, 0, 1])
    np.testing.assert_allclose(areas(lining(flat())).sum(0), [0, 0, -1])


CUTS = {
    "everything": ([0.0, 0.0], 1.0, 1.0),
    "nothing": ([0.0, 0.0], -1.0, 0.0),
    "the right third": ([1.0, 0.0], -2 / 3, 1 / 3),
    "a corner": ([-1.0, -1.0], 0.5, 0.125),
}


@pytest.mark.parametrize(("slope", "offset", "area"), CUTS.values(), ids=list(CUTS))
def test_cutting_keeps_what_is_inside(slope: list[float], offset: float, area: float) -> None:
    piece = flat()
    kept, depth = cut(piece, piece.vertices[:, :2] @ slope + offset)
    np.testing.assert_allclose(areas(kept).sum(0), [0, 0, area], atol=1e-12)
    np.testing.assert_allclose(depth, kept.vertices[:, :2] @ slope + offset, atol=1e-12)
    assert (depth >= -1e-12).all()


@given(st.floats(0, 2 * np.pi), st.floats(-0.5, 0.5))
def test_two_halves_make_a_whole(angle: float, offset: float) -> None:
    piece = flat()
    inside = (piece.vertices[:, :2] - 0.5) @ [np.cos(angle), np.sin(angle)] + offset + 1e-9
    halves = [cut(piece, each)[0] for each in (inside, -inside)]
    assert sum(areas(half)[:, 2].sum() for half in halves) == pytest.approx(1)
    for half in halves:
        np.testing.assert_allclose(
            half.weights, np.stack([1 - half.vertices[:, 0], half.vertices[:, 0]], -1), atol=1e-9
        )
        assert (areas(half)[:, 2] >= 0).all()


def test_a_tube_is_closed_and_faces_outward(form: Form) -> None:
    path = np.stack([np.zeros(9), np.linspace(0.5, 0, 9), 0.1 * np.sin(np.linspace(0, 3, 9))], 1)
    full = np.full(9, 0.05)
    piece = tube(form, path, full, full, ("head",), RED)
    np.testing.assert_allclose(areas(piece).sum(0), 0, atol=1e-12)  # as of every closed surface
    volume = (piece.vertices[piece.faces].mean(1) * areas(piece)).sum() / 3
    length = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    assert volume == pytest.approx(np.pi * 0.05**2 * length, rel=0.1)


def test_cloth_moves_with_the_skin_it_lies_on(form: Form) -> None:
    skin = np.flatnonzero(form.of("head"))[::50]
    assert abs(borrow(form, form.points[skin], ("head", "neck")) - form.weights[skin]).max() < 0.2
    held = borrow(form, form.points[skin], ("spine",))
    np.testing.assert_allclose(held.sum(-1), 1)
    assert held[:, form.bones.index("eye.L")].max() < 0.01


def test_a_shell_stands_off_the_skin_and_ends_at_its_border(form: Form) -> None:
    """A band around the belly, a centimetre off."""
    y = form.points[:, 1]
    inside = np.minimum(y - form.up(0.3), form.up(0.6) - y)
    outer = shell(form, inside, form.points + 0.01 * form.normals, RED, smooth=0).pieces[0]
    assert outer.vertices[:, 1].min() > form.up(0.3) - 0.011
    assert outer.vertices[:, 1].max() < form.up(0.6) + 0.011
    np.testing.assert_allclose(outer.weights.sum(1), 1)
    smoothed = shell(form, inside, form.points, RED, smooth=5).pieces[0]
    near = np.flatnonzero((inside > 0) & (inside < UNDER_M))
    far = [((smoothed.vertices - form.points[v]) @ form.normals[v])[
        np.linalg.norm(smoothed.vertices - form.points[v], axis=1).argmin()] for v in near]  # fmt: skip
    assert np.quantile(far, 0.02) > 0.5 * CLOSEST_M


def test_an_outline_goes_around_the_skin(form: Form) -> None:
    heights = np.linspace(form.up(0.5), form.down(0.8), 12)
    trunk = ~form.of("upperarm", "lowerarm", "wrist", "finger", "metacarpal")
    radii = outline(form, trunk, heights)
    corners = radii[..., None] * np.stack([np.cos(ANGLES), np.sin(ANGLES)], -1)
    for height, ring in zip(heights, corners, strict=True):
        level = form.points[trunk & (abs(form.points[:, 1] - height) < 0.004)] - form.joint["left_hip"] * [0, 0, 1]
        out = np.interp(np.arctan2(level[:, 2], level[:, 0]) % (2 * np.pi), ANGLES, np.hypot(*ring.T), period=2 * np.pi)
        assert (np.hypot(level[:, 0], level[:, 2]) < out + 0.012).all()
        along = np.roll(ring, -1, axis=0) - ring
        turn = along[:, 0] * np.roll(along, -1, axis=0)[:, 1] - along[:, 1] * np.roll(along, -1, axis=0)[:, 0]
        assert (turn > -5e-4).all()
