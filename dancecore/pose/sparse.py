"""Dense arrays from TFLite's sparse tensors."""

from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

Array = NDArray[Any]


def densify(values: Array, tensor: Any) -> Array:
    """The dense form of a TFLite tensor stored sparse, as its schema's SparsityParameters describe.

    Dimensions are stored in `traversal_order`; those numbered beyond the tensor's rank are the insides of blocks of
    the dimensions in `block_map`. Each is dense, or compressed: for every position of the ones before it, a segment
    of the indices that are there. values (n,) are the stored elements, in that order.
    """
    sparsity = tensor.Sparsity()
    order = sparsity.TraversalOrderAsNumpy()
    shape = [int(n) for n in tensor.ShapeAsNumpy()]
    positions = np.zeros((1, len(order)), np.int64)
    for level in range(sparsity.DimMetadataLength()):
        positions = _expand(positions, int(order[level]), sparsity.DimMetadata(level))
    blocks = [int(n) for n in sparsity.BlockMapAsNumpy()] if sparsity.BlockMapLength() else []
    sizes = {int(order[i]): int(sparsity.DimMetadata(i).DenseSize()) for i in range(len(order))}
    index = positions[:, : len(shape)].copy()
    for i, axis in enumerate(blocks):
        inner = len(shape) + i
        index[:, axis] = index[:, axis] * sizes[inner] + positions[:, inner]
    dense = np.zeros(shape, values.dtype)
    dense[tuple(index.T)] = values[: len(index)]
    return dense


def _expand(positions: Array, dimension: int, metadata: Any) -> Array:
    """Each row of `positions` repeated for every index that `dimension` takes there."""
    if metadata.Format() == tflite.DimensionType.DENSE:
        size = metadata.DenseSize()
        out = np.repeat(positions, size, axis=0)
        out[:, dimension] = np.tile(np.arange(size), len(positions))
        return out
    segments = _vector(metadata.ArraySegmentsType(), metadata.ArraySegments())
    indices = _vector(metadata.ArrayIndicesType(), metadata.ArrayIndices())
    out = np.repeat(positions, np.diff(segments), axis=0)
    out[:, dimension] = indices
    return out


def _vector(kind: int, table: Any) -> Array:
    """The integers of one of the schema's three index vectors."""
    reader = {
        tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
        tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
        tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
    }[kind]()
    reader.Init(table.Bytes, table.Pos)
    return reader.ValuesAsNumpy().astype(np.int64)
