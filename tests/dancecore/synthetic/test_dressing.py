"""Every garment and hairstyle on a body: what changes, what is hidden, and how it moves."""

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dancecore.moves import body as stick
from dancecore.moves.camera import Camera
from dancecore.moves.motion import RIG, Motion
from dancecore.synthetic.body import FEET, T_POSE, Body
from dancecore.synthetic.cuts import BOTTOMS, ONE_PIECES, TOPS
from dancecore.synthetic.dressing import dress
from dancecore.synthetic.hair import STYLES
from dancecore.synthetic.pattern import PATTERNS, Garment
from dancecore.synthetic.render import Light, Mesh, draw
from dancecore.synthetic.shoes import SHOES
from dancecore.synthetic.wardrobe import Outfit, Person

SKIN, HAIR, CLOTH, ACCENT = (200.0, 150.0, 120.0), (20.0, 20.0, 20.0), (200.0, 0.0, 0.0), (0.0, 0.0, 200.0)


def outfit(top: str = "vest", bottom: str | None = "leggings", shoes: str = "bare", pattern: str = "plain") -> Outfit:
    upper = Garment(top, CLOTH, ACCENT, pattern, 1.0)
    lower = Garment(bottom, CLOTH, ACCENT, pattern, 1.0) if bottom else None
    return Outfit(upper, lower, Garment(shoes, CLOTH, ACCENT, "plain", 1.0))


def person(style: str = "bald") -> Person:
    return Person(SKIN, HAIR, style)


SORTS = {
    "tops": {name: (person(), outfit(top=name)) for name in TOPS},
    "bottoms": {name: (person(), outfit(bottom=name)) for name in BOTTOMS},
    "one-piece garments": {name: (person(), outfit(top=name, bottom=None)) for name in ONE_PIECES},
    "shoes": {name: (person(), outfit(shoes=name)) for name in SHOES},
    "hair": {name: (person(name), outfit()) for name in STYLES},
}
EVERYTHING = {f"{sort}: {name}": look for sort, table in SORTS.items() for name, look in table.items()}
GARMENTS = SORTS["tops"] | SORTS["bottoms"] | SORTS["one-piece garments"]
HANGING = {"oversized_t_shirt", "long_coat", "short_skirt", "long_skirt", "dress", "gown"}

DOWN = {"left_shoulder": ("z", -75.0), "right_shoulder": ("z", 75.0)}
BENT = {
    f"{side}_{joint}": ("x", turn) for side in ("left", "right") for joint, turn in (("hip", -80.0), ("knee", 95.0))
}
POSES = {
    "standing": DOWN,
    "arms up": {"left_shoulder": ("z", 75.0), "right_shoulder": ("z", -75.0)},
    "squatting": DOWN | BENT,
    "kicking": DOWN | {"left_hip": ("x", -80.0)},
    "legs apart": DOWN | {"left_hip": ("z", 35.0), "right_hip": ("z", -35.0)},
    "bent over": DOWN | {"spine": ("x", 45.0), "chest": ("x", 35.0)},
}


def posed(turns: dict[str, tuple[str, float]]) -> Motion:
    """One frame: the T-pose with these joints turned, each (axis, degrees), the feet on the floor."""
    rotation = np.tile(np.eye(3), (1, len(RIG), 1, 1))
    for joint, (axis, degrees) in turns.items():
        rotation[0, RIG.index(joint)] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    still = Motion(np.zeros(1), rotation, np.zeros((1, 3)))
    root = [[0.0, -stick.joints(still)[0, FEET, 1].min() / stick.NEUTRAL.leg, 0.0]]
    return Motion(np.zeros(1), rotation, np.array(root))


def covered(vertices: np.ndarray, faces: np.ndarray, yaw: float = 25.0) -> np.ndarray:
    """(240, 240) bool: where the mesh is seen."""
    camera = Camera(240, 240, yaw=yaw, distance=4.0, fov=34.0)
    white = np.full((len(vertices), 3), 255, np.float32)
    picture = draw(
        [Mesh(vertices, faces, white)], camera, Light(1.0, (0.0, 1.0, 0.0)), np.zeros((240, 240, 3), np.float32)
    )
    return np.asarray(picture[..., 0] > 100)


@pytest.mark.parametrize("look", EVERYTHING.values(), ids=list(EVERYTHING))
def test_it_is_a_sound_mesh(look: tuple[Person, Outfit], bodies: dict[str, Body]) -> None:
    body = bodies["middling"]
    dressed = dress(body, *look)
    assert np.isfinite(dressed.vertices).all()
    np.testing.assert_array_equal(np.unique(dressed.faces), np.arange(len(dressed.vertices)))
    np.testing.assert_allclose(dressed.weights.sum(1), 1)
    assert (np.diff(dressed.weights, axis=1) <= 0).all()
    assert dressed.colours.min() >= 0
    assert dressed.colours.max() <= 255
    assert dressed.index.max() < len(body.rest.bones)
    lowest = dressed.pose(body.transforms(T_POSE)[0])[:, 1].min()
    assert lowest > -0.005


@pytest.mark.parametrize("table", SORTS.values(), ids=list(SORTS))
def test_each_has_a_silhouette_of_its_own(table: dict[str, tuple[Person, Outfit]], bodies: dict[str, Body]) -> None:
    """Standing, seen from half aside, any two differ by more than a line of pixels."""
    body = bodies["middling"]
    frame = body.transforms(posed(DOWN))[0]
    seen = {}
    for name, look in table.items():
        dressed = dress(body, *look)
        seen[name] = covered(dressed.pose(frame), dressed.faces)
    for one, other in combinations(seen, 2):
        assert (seen[one] ^ seen[other]).sum() > 20, (one, other)


@pytest.mark.parametrize("pose", POSES.values(), ids=list(POSES))
@pytest.mark.parametrize("name", list(GARMENTS))
def test_it_holds_together_in_motion(pose: dict[str, tuple[str, float]], name: str, bodies: dict[str, Body]) -> None:
    """The body is nowhere seen through a gap, and no thread of cloth is drawn out."""
    body = bodies["tall lean woman"]
    dressed = dress(body, *GARMENTS[name])
    motion = posed(pose)
    vertices = dressed.pose(body.transforms(motion)[0])
    naked = covered(body.pose(motion)[0], body.rest.faces)
    assert (naked & ~covered(vertices, dressed.faces)).sum() < 0.008 * naked.sum()
    edges = np.linalg.norm(vertices[dressed.faces] - vertices[np.roll(dressed.faces, 1, axis=1)], axis=-1)
    assert edges.max() < (0.4 if name in HANGING else 0.2)


def test_patterns_colour_what_they_should(bodies: dict[str, Body]) -> None:
    body = bodies["middling"]
    share, middle = {}, {}
    for pattern in PATTERNS:
        dressed = dress(body, person(), outfit("t_shirt", "joggers", pattern=pattern))
        at = dressed.pose(body.transforms(T_POSE)[0])
        corners = at[dressed.faces]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        accent, cloth = ((dressed.colours[dressed.faces] == tint).all((1, 2)) for tint in (ACCENT, CLOTH))
        share[pattern] = area[accent].sum() / area[accent | cloth].sum()
        middle[pattern] = corners[accent].mean((0, 1)) if accent.any() else None
    assert share["plain"] == 0
    assert share["stripes"] == pytest.approx(0.5, abs=0.07)
    assert share["two_tone"] == pytest.approx(0.5, abs=0.03)
    assert 0.005 < share["logo"] < 0.05
    assert middle["two_tone"][0] > 0.1
    assert middle["logo"][2] > 0.05
