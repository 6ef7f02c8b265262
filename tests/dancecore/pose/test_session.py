"""Where pose runs, and what is said about it."""

from collections.abc import Callable

import onnxruntime
import pytest

from dancecore.errors import DanceError
from dancecore.pose import describe
from dancecore.pose.session import choose

CUDA = "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def test_the_processor_is_always_there() -> None:
    line = describe("cpu")
    assert "\n" not in line
    assert line == f"pose runs on cpu by ONNX Runtime {onnxruntime.__version__} (as asked)"


def test_auto_takes_what_is_there() -> None:
    assert choose("auto") in describe("auto")


@pytest.mark.skipif(CUDA, reason="this ONNX Runtime has CUDA")
def test_cuda_that_is_not_there() -> None:
    assert choose("auto") == "cpu"
    with pytest.raises(DanceError, match="CUDA was asked for") as raised:
        choose("cuda")
    assert raised.value.code == "PROVIDER_MISSING"


@pytest.mark.parametrize("ask", [choose, describe])
def test_unknown_provider(ask: Callable[[str], str]) -> None:
    with pytest.raises(DanceError, match="auto, cpu or cuda, not 'tpu'") as raised:
        ask("tpu")
    assert raised.value.code == "INVALID_INPUT"
