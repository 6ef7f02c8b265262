"""Every text format, read by programs that are not ours, is the same composition again."""

import re
from fractions import Fraction

import bvh
import numpy as np
import opentimelineio as otio
import pytest
import webvtt
from hypothesis import given

from cluster.settings import settings
from dancecore.composer.composition import Composition
from dancecore.composer.dancing import at_rate, danced
from dancecore.composer.exports.bvh import to_bvh
from dancecore.composer.exports.edl import to_edl
from dancecore.composer.exports.fcpxml import to_fcpxml
from dancecore.composer.exports.table import HEADER, from_csv, to_csv
from dancecore.composer.exports.timecode import frames, timecode
from dancecore.composer.exports.webvtt import to_webvtt
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.errors import DanceError
from dancecore.moves.body import NEUTRAL, rig_positions
from dancecore.moves.motion import RIG
from dancecore.moves.taxonomy import Taxonomy
from tests.dancecore.composer.test_composition import DANCE, NOW, written

NAMES = {"mv_floss": "Floss", "mv_dab": "Dab", "plié": "Plié <&>"}
FPS = 30


def plain(steps: tuple[Step, ...]) -> list[tuple[str, float, bool]]:
    return [(step.move_id, step.beats, step.mirror) for step in steps]


@given(written)
def test_csv_there_and_back(composition: Composition) -> None:
    text = to_csv(composition)
    assert text.splitlines()[0] == "order,move_id,beats,mirror,start_beat,end_beat" == ",".join(HEADER)
    assert plain(from_csv(text)) == plain(composition.steps)


def test_csv_by_hand() -> None:
    assert to_csv(DANCE).splitlines()[1:] == ["0,mv_floss,4,false,0,4", "1,mv_dab,2,true,4,6"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("a,b\n1,2\n", "has the columns"), ("move_id,beats\nx,many\n", "line 2: 'many'"),
     ("move_id,beats\nx,0\n", "beats"), ("move_id,beats\n,4\n", "needs the name"),
     ("move_id,beats,mirror\nx,4,no\n", "true or false"), ("", "columns")],
)  # fmt: skip
def test_other_tables_are_refused(text: str, words: str) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT") as refused:
        from_csv(text)
    assert words in refused.value.message


@given(written)
def test_webvtt_is_read_by_webvtt_py(composition: Composition) -> None:
    cues = list(webvtt.from_string(to_webvtt(composition, NAMES)))
    assert [cue.identifier for cue in cues] == [str(i) for i in range(len(composition.steps))]
    for cue, step, start in zip(cues, composition.steps, composition.starts, strict=True):
        assert seconds(cue.start) == pytest.approx(composition.seconds(start), abs=1e-3)
        assert seconds(cue.end) == pytest.approx(composition.seconds(start + step.beats), abs=1e-3)
        name, mirror, beats = re.fullmatch(r"(.*?)( \(mirror\))?: (.*) counts, bar \d+", cue.text).groups()
        assert name == NAMES[step.move_id].replace("<&>", "&lt;&amp;&gt;")
        assert (bool(mirror), float(beats)) == (step.mirror, step.beats)


def seconds(said: str) -> float:
    hours, minutes, rest = said.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


@given(written)
def test_edl_is_read_by_opentimelineio(composition: Composition) -> None:
    text = to_edl(composition, NAMES, FPS)
    assert text.isascii()
    spans = [end - start for start, end in frames(composition, FPS)]
    if 0 in spans:  # a tenth of a beat at 300 bpm is less than a frame
        return
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=FPS)
    (track,) = timeline.video_tracks()
    clips = list(track)
    assert [round(clip.source_range.duration.to_frames()) for clip in clips] == spans
    assert [clip.name for clip in clips] == [
        (NAMES[s.move_id] + (" (mirror)" if s.mirror else "")).encode("ascii", "replace").decode()
        for s in composition.steps
    ]
    noted = [re.search(r"^\* MOVE (\S+) BEATS (\S+) MIRROR (\w+)$", line) for line in text.splitlines()]
    read = [(m[1], float(m[2]), m[3] == "YES") for m in noted if m]
    assert read == [(n.encode("ascii", "replace").decode(), b, side) for n, b, side in plain(composition.steps)]


def test_an_edl_holds_999_events() -> None:
    with pytest.raises(DanceError, match="holds 999 events"):
        to_edl(Composition("x", 100, (Step("mv_dab", 4),) * 1000, "tx-0.1", NOW), NAMES, FPS)


@pytest.mark.parametrize(("frame", "said"), [(0, "00:00:00:00"), (29, "00:00:00:29"), (3600 * 30 + 31, "01:00:01:01")])
def test_timecode(frame: int, said: str) -> None:
    assert timecode(frame, FPS) == said


@given(written)
def test_fcpxml_is_read_by_opentimelineio(composition: Composition) -> None:
    text = to_fcpxml(composition, NAMES, FPS, "dance.mp4", (640, 640))
    found = otio.adapters.read_from_string(text, "fcpx_xml")
    timeline = found if isinstance(found, otio.schema.Timeline) else found[0]
    timeline = timeline if isinstance(timeline, otio.schema.Timeline) else timeline[0]
    (track,) = timeline.video_tracks()
    clips = [clip for clip in track if isinstance(clip, otio.schema.Clip)]
    spans = [end - start for start, end in frames(composition, FPS)]
    read = [clip.source_range.duration.to_frames() for clip in clips]
    assert all(frame in {span, span - 1} for frame, span in zip(read, spans, strict=True))  # it cuts 122.999.. to 122
    written_spans = re.findall(r'<asset-clip .*?duration="([^"]*)s"', text)
    assert [Fraction(time) * FPS for time in written_spans] == spans
    assert [clip.name for clip in clips] == [
        NAMES[s.move_id] + (" (mirror)" if s.mirror else "") for s in composition.steps
    ]
    notes = re.findall(r"<note>(.*), (.*) beats, (.*)</note>", text)
    assert [(n, float(b), side == "mirror") for n, b, side in notes] == plain(composition.steps)
    bars = [int(n) for n in re.findall(r'value="bar (\d+)"', text)]
    assert bars == list(range(1, composition.bars + 1))


def test_fcpxml_times_are_whole_frames() -> None:
    for time in re.findall(r'(?:offset|start|duration)="([^"]*)s"', to_fcpxml(DANCE, NAMES, FPS, "d.mp4", (640, 640))):
        assert (Fraction(time) * FPS).denominator == 1


def test_bvh_is_read_by_bvh_and_puts_every_joint_where_it_is(taxonomy: Taxonomy, numbers: ComposerSettings) -> None:
    steps = [Step("mv_floss", 4), Step("mv_spin", 4, True), Step("mv_squat_kick", 4)]
    motion = at_rate(danced(steps, taxonomy, 104, settings().media.rate_hz, numbers).motion, 104, FPS)
    read = bvh.Bvh(to_bvh(motion, FPS))
    assert (read.nframes, read.frame_time) == (len(motion.beats), pytest.approx(1 / FPS))
    assert read.get_joints_names() == list(RIG)
    wanted = 100 * rig_positions(motion, NEUTRAL)
    for frame in range(0, read.nframes, 17):
        assert np.abs(places(read, frame) - wanted[frame]).max() < 0.05, "half a millimetre"


def places(read: bvh.Bvh, frame: int) -> np.ndarray:
    """(19, 3): forward kinematics of what the reader gives, by its own channel names and offsets."""
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name in read.get_joints_names():
        parent = read.joint_parent(name)
        turn, place = found[parent.name] if parent else (np.eye(3), np.zeros(3))
        place = place + turn @ np.array(read.joint_offset(name))
        for channel in read.joint_channels(name):
            value = read.frame_joint_channel(frame, name, channel)
            axis = "XYZ".index(channel[0])
            if channel.endswith("position"):
                place = place + value * np.eye(3)[axis]
            else:
                turn = turn @ about(axis, np.radians(value))
        found[name] = turn, place
    return np.stack([place for _, place in found.values()])


def about(axis: int, angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[i, i], turn[j, j], turn[i, j], turn[j, i] = c, c, -s, s
    return turn
