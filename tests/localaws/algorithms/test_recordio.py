"""The RecordIO codec against bytes the SageMaker SDK wrote, and against itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from localaws.algorithms import recordio
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.frames import framed
from localaws.algorithms.recordio import Record, Tensor, dense
from localaws.algorithms.tables import parse

# write_numpy_to_dense_tensor and write_spmatrix_to_sparse_tensor of sagemaker 2 wrote these.
FLOAT32 = bytes.fromhex(
    "0a23d7ce300000000a1a0a0676616c7565731210120e0a0c0000c03f000000c00000000012120a0676616c75"
    "6573120812060a040000803f0a23d7ce300000000a1a0a0676616c7565731210120e0a0c00000000180d8f4d"
    "0000e04012120a0676616c756573120812060a0400000000"
)
FLOAT64 = bytes.fromhex(
    "0a23d7ce390000000a260a0676616c756573121c1a1a0a18000000000000f83f00000000000000c000000000"
    "00000000120f0a0676616c75657312053a030a01010000000a23d7ce390000000a260a0676616c756573121c"
    "1a1a0a18000000000000000000000000a3e1b1410000000000001c40120f0a0676616c75657312053a030a01"
    "00000000"
)
SPARSE = bytes.fromhex(
    "0a23d7ce350000000a1f0a0676616c756573121512130a08000000400000803f120305ab021a02ac0212120a"
    "0676616c756573120812060a040000803f0000000a23d7ce340000000a1e0a0676616c756573121412120a08"
    "0000803f00000040120200051a02ac0212120a0676616c756573120812060a04000000400a23d7ce35000000"
    "0a1f0a0676616c756573121512130a08000000400000803f12030582011a02ac0212120a0676616c75657312"
    "0812060a0400004040000000"
)
ROWS = np.array([[1.5, -2, 0], [0, 3e8, 7]])
LABELS = np.array([1, 0])
KEYS = ([5, 299], [0, 5], [5, 130])
VALUES = ([2, 1], [1, 2], [2, 1])


def test_dense_records_are_the_sdks_byte_for_byte():
    """
    float32 with float32 labels, float64 with int32 labels.
    """
    pairs = list(zip(ROWS, LABELS, strict=True))
    singles = (Record({"values": dense(row)}, {"values": dense([label])}) for row, label in pairs)
    assert FLOAT32 == recordio.write(singles)
    doubles = (
        Record({"values": dense(row, "<f8")}, {"values": dense([label], "<i4")}) for row, label in pairs
    )
    assert FLOAT64 == recordio.write(doubles)
    for data in (FLOAT32, FLOAT64):
        table = parse(data, recordio.CONTENT_TYPE, 1)
        assert ROWS.tolist() == table.features.tolist()
        assert LABELS.tolist() == table.labels.tolist()


def test_sparse_records_are_the_sdks_byte_for_byte():
    """
    Keys of more than seven bits, a shape, labels; read as a CSR matrix.
    """
    records = (
        Record(
            {"values": Tensor(np.array(values, "<f4"), np.array(keys, np.uint64), (300,))},
            {"values": dense([number])},
        )
        for number, (keys, values) in enumerate(zip(KEYS, VALUES, strict=True), 1)
    )
    assert SPARSE == recordio.write(records)
    table = parse(SPARSE, recordio.CONTENT_TYPE, 1)
    assert (3, 300) == table.features.shape
    assert [1, 2, 3] == table.labels.tolist()
    assert [list(row) for row in KEYS] == [table.features[number].indices.tolist() for number in range(3)]
    assert [2.0, 1.0] == table.features[0].data.tolist()


@given(
    values=arrays.arrays(np.float64, st.integers(0, 20), elements=st.floats(allow_nan=False)),
    keys=st.lists(st.integers(0, 2**63), max_size=20),
    label=st.integers(-(2**31), 2**31 - 1),
)
def test_what_is_written_is_read(values, keys, label):
    """
    Any values, keys of any size and negative whole numbers come back as they were.
    """
    written = Record(
        {"a": Tensor(values, np.array(keys, np.uint64), (7, 300))},
        {"b": dense([label], "<i4"), "c": dense([])},
    )
    [found] = recordio.read(recordio.write([written]))
    assert values.tolist() == found.features["a"].values.tolist()
    assert keys == found.features["a"].keys.tolist()
    assert (7, 300) == found.features["a"].shape
    assert [label] == found.label["b"].values.tolist()
    assert [] == found.label["c"].values.tolist()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"1,2,3\n4,5,6\n", "no RecordIO header at byte 0"),
        (FLOAT32[:5], "header at byte 0 is cut off"),
        (FLOAT32[:20], "record at byte 0 is cut off"),
        (framed(b"\x0a\x7f"), "cut off"),
        (framed(b"\xff" * 4), "Record"),
    ],
)
def test_other_bytes_are_refused(data, reason):
    """
    What is not RecordIO, is cut short or holds no Record says so.
    """
    with pytest.raises(CustomerError, match=reason):
        list(recordio.read(data))
