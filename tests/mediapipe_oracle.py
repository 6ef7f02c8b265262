"""MediaPipe Tasks 0.10.33 as the oracle of pose: its `.task` file made from the raw networks that we convert too.

Needs `pip install --no-deps mediapipe==0.10.33` (with its dependencies it would overwrite the headless OpenCV).
"""

import io
import zipfile
from typing import Any

import pytest

from cluster.weights import fetch_raw

VERSION = "0.10.33"
"""The last that opens no connection of its own; later ones report their use."""


def require_mediapipe() -> Any:
    """The mediapipe module, or a skip that says how to get it."""
    mediapipe = pytest.importorskip("mediapipe", reason=f"pip install --no-deps mediapipe=={VERSION}")
    if mediapipe.__version__ != VERSION:
        pytest.skip(f"mediapipe {mediapipe.__version__} is not {VERSION}")
    return mediapipe


def landmarker(variant: str, mode: str) -> Any:
    """A PoseLandmarker for one person in running mode "IMAGE" or "VIDEO", on the processor."""
    require_mediapipe()
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=_task(variant), delegate=BaseOptions.Delegate.CPU),
        running_mode=vision.RunningMode[mode],
        num_poses=1,
    )
    return vision.PoseLandmarker.create_from_options(options)


def _task(variant: str) -> bytes:
    """The stored zip that Tasks reads, its networks carrying the input scaling that Tasks asks for."""
    raw = fetch_raw(variant)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as task:
        task.writestr("pose_detector.tflite", _with_scaling(raw["pose_detection"], 127.5, 127.5))
        task.writestr("pose_landmarks_detector.tflite", _with_scaling(raw[f"pose_landmark_{variant}"], 0.0, 255.0))
    return buffer.getvalue()


def _with_scaling(model: bytes, mean: float, std: float) -> bytes:
    """The TFLite model with metadata that says how its input image is scaled."""
    import flatbuffers
    from mediapipe.tasks.metadata import metadata_schema_py_generated as meta
    from mediapipe.tasks.metadata import schema_py_generated as schema

    scaling = _made(
        meta.ProcessUnitT,
        optionsType=meta.ProcessUnitOptions.NormalizationOptions,
        options=_made(meta.NormalizationOptionsT, mean=[mean], std=[std]),
    )
    image = _made(
        meta.ContentT,
        contentPropertiesType=meta.ContentProperties.ImageProperties,
        contentProperties=_made(meta.ImagePropertiesT, colorSpace=meta.ColorSpaceType.RGB),
    )
    tensor = _made(meta.TensorMetadataT, name="image", content=image, processUnits=[scaling])
    described = _made(
        meta.ModelMetadataT, subgraphMetadata=[_made(meta.SubGraphMetadataT, inputTensorMetadata=[tensor])]
    )
    edited = schema.ModelT.InitFromPackedBuf(model, 0)
    edited.metadata = [entry for entry in edited.metadata if entry.name != b"TFLITE_METADATA"]
    edited.metadata.append(_made(schema.MetadataT, name="TFLITE_METADATA", buffer=len(edited.buffers)))
    edited.buffers.append(_made(schema.BufferT, data=_pack(flatbuffers.Builder(), described, b"M001")))
    return bytes(_pack(flatbuffers.Builder(len(model) + 65536), edited, b"TFL3"))


def _pack(builder: Any, table: Any, identifier: bytes) -> bytearray:
    builder.Finish(table.Pack(builder), file_identifier=identifier)
    return builder.Output()


def _made(kind: type, **fields: Any) -> Any:
    """A flatbuffer object with these fields; its generated class takes none."""
    made = kind()
    for name, value in fields.items():
        setattr(made, name, value)
    return made
