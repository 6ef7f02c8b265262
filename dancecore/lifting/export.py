"""The trained network as an ONNX file, written node by node: five kinds of them, and weights of half precision."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from dancecore.lifting import inputs, outputs

OPSET = 17
"""The first with layer normalisation."""


class _Graph:
    """Nodes and weights so far. Weights are kept as float16 and used as float32."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.weights, self.nodes, self.kept = weights, list[onnx.NodeProto](), dict[str, onnx.TensorProto]()

    def node(self, kind: str, *takes: str, output: str = "", **attributes: Any) -> str:
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, takes, [output], **attributes))
        return output

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.kept.setdefault(name, numpy_helper.from_array(value, name))
        return name

    def weight(self, name: str, *, across: bool = False) -> str:
        """The weight of this name, a matrix `across` turned for a product from the left."""
        value = self.weights[name].T if across else self.weights[name]
        half = self.constant(name, np.ascontiguousarray(value, np.float16))
        return self.node("Cast", half, to=TensorProto.FLOAT)

    def linear(self, x: str, name: str, output: str = "") -> str:
        product = self.node("MatMul", x, self.weight(f"{name}.weight", across=True))
        return self.node("Add", product, self.weight(f"{name}.bias"), output=output)

    def normalised(self, x: str, name: str) -> str:
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-5)

    def frames(self, x: str, first: int, last: int) -> str:
        """x (B, T, C) from frame `first` on, and up to `last` where that is below 0."""
        ends = [first, last if last < 0 else np.iinfo(np.int64).max]
        start, end = (self.constant(f"at{at}", np.array([at], np.int64)) for at in ends)
        return self.node("Slice", x, start, end, self.constant("time", np.array([1], np.int64)))


def to_onnx(weights: Mapping[str, NDArray[np.float32]], dilations: tuple[int, ...]) -> bytes:
    """The file of a `network.Lifter` with this state: inputs (N, T, 136) -> lifted (N, T, 105), for any N and T."""
    graph = _Graph(weights)
    x = graph.linear("inputs", "enter")
    for k, dilation in enumerate(dilations):
        pads = graph.constant(f"pads{dilation}", np.array([0, dilation, 0, 0, dilation, 0], np.int64))
        padded = graph.node("Pad", graph.normalised(x, f"blocks.{k}.norm"), pads)
        spans = ((0, -2 * dilation), (dilation, -dilation), (2 * dilation, 0))
        around = graph.node("Concat", *(graph.frames(padded, *span) for span in spans), axis=2)
        near = graph.node("Relu", graph.linear(around, f"blocks.{k}.near"))
        x = graph.node("Add", x, graph.linear(near, f"blocks.{k}.mix"))
    graph.linear(graph.normalised(x, "norm"), "leave", output="lifted")
    ends = (("inputs", inputs.WIDTH), ("lifted", outputs.WIDTH))
    shown, said = ([helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", "T", w])] for n, w in ends)
    made = helper.make_graph(graph.nodes, "lifter", shown, said, list(graph.kept.values()))
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)
