import io

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.features import extract, pack, unpack

from .skeletons import dance, seen, times


def test_round_trip_keeps_half_precision() -> None:
    features = extract(seen(dance(times(3)), times(3)), settings().features)
    back = unpack(pack(features))
    assert np.array_equal(back.time_ns, features.time_ns)
    assert np.allclose(back.values, features.values, rtol=2**-11, atol=1e-6)
    assert np.allclose(back.mask, features.mask, rtol=2**-11)


def test_half_precision_is_what_is_stored() -> None:
    stored = np.load(io.BytesIO(pack(extract(seen(dance(times(3)), times(3)), settings().features))))
    assert stored["values"].dtype == np.float16


def _other_file() -> bytes:
    out = io.BytesIO()
    np.savez(out, time_ns=np.arange(3))
    return out.getvalue()


@pytest.mark.parametrize("data", [b"", b"nonsense", _other_file()], ids=["empty", "nonsense", "another npz"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(DanceError, match="not stored features"):
        unpack(data)
