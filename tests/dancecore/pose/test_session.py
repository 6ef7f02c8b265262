"""Where pose runs, and what is said about it."""

from collections.abc import Callable, Iterator

import onnxruntime
import pytest

from dancecore.errors import DanceError
from dancecore.pose import describe
from dancecore.pose.session import _cuda_trouble, choose

CUDA = "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def test_the_processor_is_always_there() -> None:
    line = describe("cpu")
    assert "\n" not in line
    assert line == f"pose runs on cpu by ONNX Runtime {onnxruntime.__version__} (as asked)"


def test_auto_takes_what_is_there() -> None:
    assert choose("auto") in describe("auto")


@pytest.fixture
def fresh() -> Iterator[None]:
    """What was learned about CUDA forgotten, before and after."""
    _cuda_trouble.cache_clear()
    yield
    _cuda_trouble.cache_clear()


CPU_ONLY, WITH_CUDA = ["CPUExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"]


@pytest.mark.skipif(CUDA, reason="this ONNX Runtime has CUDA")
@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("offered", "why"),
    [(CPU_ONLY, "the ONNX Runtime that is installed has no CUDA"), (WITH_CUDA, "CUDA does not start: no card")],
    ids=["not built in", "built in without a card"],
)
def test_cuda_that_is_not_there(offered: list[str], why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
    assert choose("auto") == "cpu"
    assert f"({why}" in describe("auto")
    with pytest.raises(DanceError, match=f"^PROVIDER_MISSING: CUDA was asked for, but {why}"):
        choose("cuda")


@pytest.mark.parametrize("ask", [choose, describe])
def test_unknown_provider(ask: Callable[[str], str]) -> None:
    with pytest.raises(DanceError, match="auto, cpu or cuda, not 'tpu'") as raised:
        ask("tpu")
    assert raised.value.code == "INVALID_INPUT"
