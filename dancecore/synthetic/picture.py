"""Each frame of a clip: the place, the people in it and what stands about, then what phone and app make of them."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dancecore.moves.camera import CameraPath
from dancecore.synthetic import effects, overlays, props, raycast, render, smear, walkers
from dancecore.synthetic.backdrop import around
from dancecore.synthetic.render import Mesh
from dancecore.synthetic.scene import Scene
from dancecore.types import Float64, Image, IntT


def frames(
    scene: Scene, path: CameraPath, take: IntT, seconds: Float64, people: Iterable[Sequence[Mesh]], joints: Float64
) -> Iterator[Image]:
    """Each frame (H, W, 3) uint8 RGB, at seconds (F,) into the clip, in take (F,).

    `people` gives the meshes of everybody in each frame, drawn one after another; joints (D, F, 33, 3) are theirs, so
    that nobody runs into a chair or a wall. The same scene, path and people give the same frames.
    """
    light = scene.lamp.light()
    things = props.meshes(scene.props, path, joints)
    on_lens = [each for each in scene.overlays if each.kind == "finger"]
    in_app = [each for each in scene.overlays if each.kind != "finger"]
    lens, app = (overlays.layer(each, scene.width, scene.height) for each in (on_lens, in_app))
    crossed = walkers.crossings(scene.walkers, path, joints)
    floor = np.concatenate([joints[..., [0, 2]].reshape(-1, 2), crossed])
    behind = raycast.paint(around(scene.backdrop, floor), path, seconds)
    passing = walkers.pass_by(scene.walkers, path, joints, seconds)
    limbs = smear.ways(path, joints, take, scene.effects.shutter)
    before: Image | None = None
    for f, (bare, dancers, others) in enumerate(zip(behind, people, passing, strict=True)):
        camera, meshes = path.frame(f), [*dancers, *things, *others]
        shadow = 1 - np.float32(scene.lamp.shadow) * (1 - render.floor_shadow(meshes, camera, light))
        image = render.draw(meshes, camera, light, bare * shadow[..., None])
        image = smear.smear(image, limbs[f])
        lens.over(image)
        if scene.effects.ghost > 0 and before is not None and take[f] == take[f - 1]:
            image = effects.ghosted(image, before, scene.effects)
        before = image
        shown = effects.apply(image, scene.effects, f)
        app.over(shown)
        overlays.progress(in_app, shown, f / len(path))
        yield shown
