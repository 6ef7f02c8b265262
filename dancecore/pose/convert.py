"""TensorFlow Lite to ONNX, for the twelve operators of BlazePose's networks.

Public converters need TensorFlow or fail on sparse weights. What differs between the two formats: TFLite is channels
last, ONNX channels first; TFLite pads "same" unevenly; its weights here are float16, some of them sparse.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from dancecore.pose.sparse import densify

Array = NDArray[Any]
NCHW = (0, 3, 1, 2)
NHWC = (0, 2, 3, 1)
OPSET = 17
DTYPES: dict[int, type] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}


def convert(model: bytes, outputs: Mapping[str, str], mean: float, scale: float) -> bytes:
    """The ONNX form of a TFLite model, keeping only what leads to `outputs` (TFLite output name -> its new name).

    The one input is "images" (N, H, W, 3) uint8 for any N; the network sees (value - mean) * scale. Four-dimensional
    outputs are channels first. An operator outside the twelve raises KeyError.
    """
    source = tflite.Model.GetRootAsModel(model, 0)
    graph = _Graph(source)
    size = graph.shape(graph.sub.Inputs(0))[1:3]
    graph.names[graph.sub.Inputs(0)] = graph.prepare_input(mean, scale)
    wanted = {graph.sub.Tensors(i).Name().decode(): int(i) for i in graph.sub.OutputsAsNumpy()}
    for operator in _needed(graph.sub, [wanted[name] for name in outputs]):
        code = source.OperatorCodes(operator.OpcodeIndex())
        EMIT[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())](graph, operator)
    for name, new in outputs.items():
        graph.node("Identity", [graph.names[wanted[name]]], output=new)
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", *map(int, size), 3])
    results = [_output_info(graph, new, wanted[name]) for name, new in outputs.items()]
    onnx_graph = helper.make_graph(graph.nodes, "blazepose", [images], results, graph.initializers)
    made = helper.make_model(onnx_graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString(deterministic=True)


def _needed(sub: Any, outputs: list[int]) -> list[Any]:
    """The operators that lead to the tensors `outputs`, in order."""
    wanted, kept = set(outputs), []
    for i in reversed(range(sub.OperatorsLength())):
        operator = sub.Operators(i)
        if wanted & set(operator.OutputsAsNumpy()):
            wanted |= set(operator.InputsAsNumpy())
            kept.append(operator)
    return kept[::-1]


@dataclass
class _Graph:
    """The ONNX graph under construction. `names` and `constants` map TFLite tensor numbers to what stands for them."""

    source: Any
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    constants: dict[int, Array] = field(default_factory=dict)

    @property
    def sub(self) -> Any:
        return self.source.Subgraphs(0)

    def shape(self, tensor: int) -> list[int]:
        """The TFLite (channels last) shape."""
        return [int(n) for n in self.sub.Tensors(tensor).ShapeAsNumpy()]

    def constant(self, tensor: int) -> Array:
        """The value of a constant tensor, dense."""
        if tensor not in self.constants:
            info = self.sub.Tensors(tensor)
            flat = self.source.Buffers(info.Buffer()).DataAsNumpy().view(DTYPES[info.Type()])
            sparse = info.Sparsity() is not None
            self.constants[tensor] = densify(flat, info) if sparse else flat.reshape(self.shape(tensor))
        return self.constants[tensor]

    def add(self, value: Array) -> str:
        """A new initializer."""
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def scalar(self, value: float) -> str:
        return self.add(np.array(value, np.float32))

    def node(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """A new node with one output, whose name is returned."""
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def prepare_input(self, mean: float, scale: float) -> str:
        """uint8 channels last to float32 channels first."""
        pixels = self.node("Cast", [self.node("Transpose", ["images"], perm=NCHW)], to=TensorProto.FLOAT)
        shifted = self.node("Sub", [pixels, self.scalar(mean)]) if mean else pixels
        return self.node("Mul", [shifted, self.scalar(scale)])

    def finish(self, operator: Any, name: str, activation: int = tflite.ActivationFunctionType.NONE) -> None:
        """Name the operator's output `name`, after its fused activation."""
        if activation == tflite.ActivationFunctionType.RELU6:
            name = self.node("Clip", [name, self.scalar(0), self.scalar(6)])
        elif activation == tflite.ActivationFunctionType.RELU:
            name = self.node("Relu", [name])
        elif activation != tflite.ActivationFunctionType.NONE:
            raise KeyError(f"fused activation {activation}")
        self.names[operator.Outputs(0)] = name


def _output_info(graph: _Graph, name: str, tensor: int) -> onnx.ValueInfoProto:
    shape = graph.shape(tensor)
    inner = [shape[3], shape[1], shape[2]] if len(shape) == 4 else shape[1:]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *inner])


def _options(operator: Any, kind: type) -> Any:
    """The operator's options table, read as `kind`."""
    options = kind()
    table = operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options


def _pads(options: Any, size: list[int], kernel: list[int], strides: list[int]) -> list[int]:
    """ONNX pads for TFLite's padding: "same" gives the odd pixel to the end."""
    if options.Padding() == tflite.Padding.VALID:
        return [0, 0, 0, 0]
    total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(size, kernel, strides, strict=True)]
    return [n // 2 for n in total] + [n - n // 2 for n in total]


def _convolution(graph: _Graph, operator: Any, options: Any, weights: Array, groups: int) -> None:
    """Emit a convolution; weights (out, in/groups, height, width)."""
    kernel, strides = list(weights.shape[2:]), [options.StrideH(), options.StrideW()]
    if (options.DilationHFactor(), options.DilationWFactor()) != (1, 1):
        raise KeyError("dilated convolution")
    source, bias = operator.Inputs(0), graph.constant(operator.Inputs(2))
    inputs = [graph.names[source], graph.add(weights.astype(np.float32)), graph.add(bias.astype(np.float32))]
    pads = _pads(options, graph.shape(source)[1:3], kernel, strides)
    made = graph.node("Conv", inputs, kernel_shape=kernel, strides=strides, pads=pads, group=groups)
    graph.finish(operator, made, options.FusedActivationFunction())


def _conv(graph: _Graph, operator: Any) -> None:
    weights = graph.constant(operator.Inputs(1)).transpose(NCHW)
    _convolution(graph, operator, _options(operator, tflite.Conv2DOptions), weights, 1)


def _depthwise(graph: _Graph, operator: Any) -> None:
    weights = graph.constant(operator.Inputs(1)).transpose(3, 0, 1, 2)
    channels = graph.shape(operator.Inputs(0))[3]
    _convolution(graph, operator, _options(operator, tflite.DepthwiseConv2DOptions), weights, channels)


def _max_pool(graph: _Graph, operator: Any) -> None:
    options = _options(operator, tflite.Pool2DOptions)
    kernel, strides = [options.FilterHeight(), options.FilterWidth()], [options.StrideH(), options.StrideW()]
    pads = _pads(options, graph.shape(operator.Inputs(0))[1:3], kernel, strides)
    made = graph.node("MaxPool", [graph.names[operator.Inputs(0)]], kernel_shape=kernel, strides=strides, pads=pads)
    graph.finish(operator, made, options.FusedActivationFunction())


def _add(graph: _Graph, operator: Any) -> None:
    made = graph.node("Add", [graph.names[operator.Inputs(0)], graph.names[operator.Inputs(1)]])
    graph.finish(operator, made, _options(operator, tflite.AddOptions).FusedActivationFunction())


def _pad(graph: _Graph, operator: Any) -> None:
    pads = graph.constant(operator.Inputs(1)).astype(np.int64)[list(NCHW)]
    graph.finish(operator, graph.node("Pad", [graph.names[operator.Inputs(0)], graph.add(pads.T.ravel())]))


def _resize(graph: _Graph, operator: Any) -> None:
    options = _options(operator, tflite.ResizeBilinearOptions)
    mode = "align_corners" if options.AlignCorners() else "half_pixel" if options.HalfPixelCenters() else "asymmetric"
    (_, h, w, _), (_, h2, w2, _) = graph.shape(operator.Inputs(0)), graph.shape(operator.Outputs(0))
    scales = graph.add(np.array([1, 1, h2 / h, w2 / w], np.float32))
    inputs = [graph.names[operator.Inputs(0)], "", scales]
    graph.finish(operator, graph.node("Resize", inputs, mode="linear", coordinate_transformation_mode=mode))


def _reshape(graph: _Graph, operator: Any) -> None:
    """Values are counted channels last, so that order comes back first. The batch stays dynamic."""
    name = graph.names[operator.Inputs(0)]
    if len(graph.shape(operator.Inputs(0))) == 4:
        name = graph.node("Transpose", [name], perm=NHWC)
    shape = np.array([0, *graph.shape(operator.Outputs(0))[1:]], np.int64)
    graph.finish(operator, graph.node("Reshape", [name, graph.add(shape)]))


def _depth_to_space(graph: _Graph, operator: Any) -> None:
    size = _options(operator, tflite.DepthToSpaceOptions).BlockSize()
    graph.finish(operator, graph.node("DepthToSpace", [graph.names[operator.Inputs(0)]], blocksize=size, mode="DCR"))


def _concatenate(graph: _Graph, operator: Any) -> None:
    options = _options(operator, tflite.ConcatenationOptions)
    axis = options.Axis() if len(graph.shape(operator.Outputs(0))) < 4 else NHWC.index(options.Axis())
    made = graph.node("Concat", [graph.names[i] for i in operator.InputsAsNumpy()], axis=axis)
    graph.finish(operator, made, options.FusedActivationFunction())


def _logistic(graph: _Graph, operator: Any) -> None:
    graph.finish(operator, graph.node("Sigmoid", [graph.names[operator.Inputs(0)]]))


def _fold(graph: _Graph, operator: Any) -> None:
    """DENSIFY and DEQUANTIZE of constants: done here once, not at run time."""
    graph.constants[operator.Outputs(0)] = graph.constant(operator.Inputs(0)).astype(
        DTYPES[graph.sub.Tensors(operator.Outputs(0)).Type()]
    )


EMIT: dict[int, Callable[[_Graph, Any], None]] = {
    tflite.BuiltinOperator.ADD: _add,
    tflite.BuiltinOperator.CONCATENATION: _concatenate,
    tflite.BuiltinOperator.CONV_2D: _conv,
    tflite.BuiltinOperator.DENSIFY: _fold,
    tflite.BuiltinOperator.DEPTHWISE_CONV_2D: _depthwise,
    tflite.BuiltinOperator.DEPTH_TO_SPACE: _depth_to_space,
    tflite.BuiltinOperator.DEQUANTIZE: _fold,
    tflite.BuiltinOperator.LOGISTIC: _logistic,
    tflite.BuiltinOperator.MAX_POOL_2D: _max_pool,
    tflite.BuiltinOperator.PAD: _pad,
    tflite.BuiltinOperator.RESHAPE: _reshape,
    tflite.BuiltinOperator.RESIZE_BILINEAR: _resize,
}
