"""The application/x-recordio-protobuf format: records of tensors, as SageMaker's algorithms exchange them.

A file is a row of frames with a ``Record`` message in each. Read and written here without protobuf; what is
written is byte for byte what the SageMaker SDK writes.

Source: aialgs.data.Record (AWS documentation, Common data formats for training).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from localaws.algorithms.errors import CustomerError
from localaws.algorithms.frames import framed, frames, unframed

CONTENT_TYPE = "application/x-recordio-protobuf"
FLOAT32, FLOAT64, INT32 = 2, 3, 7  # numbers of the tensor fields of the message Value
FEATURES, LABEL = 1, 2  # numbers of the maps of the message Record
SHORT = 32  # bytes of numbers that are read one by one more quickly than all at once
FLOATS = {FLOAT32: "<f4", FLOAT64: "<f8"}


@dataclass(frozen=True)
class Tensor:
    """One named value of a record.

    Attributes:
        values: All of a dense tensor, the stored ones of a sparse one.
        keys: Where a sparse tensor's values are; empty for a dense one.
        shape: Of a sparse tensor, when it is told.
    """

    values: np.ndarray
    keys: np.ndarray
    shape: tuple[int, ...]

    @property
    def sparse(self) -> bool:
        """Whether only some of its values are stored; one with a shape and no value is all zeros."""
        return bool(len(self.keys)) or (bool(self.shape) and not len(self.values))


@dataclass(frozen=True)
class Record:
    """One example: its features and its labels by name (``values`` when there is one of a kind)."""

    features: Mapping[str, Tensor]
    label: Mapping[str, Tensor]


def dense(values: Iterable[float], kind: str = "<f4") -> Tensor:
    """A dense tensor of float32 values, or of another type."""
    return Tensor(np.asarray(values, kind), np.zeros(0, np.uint64), ())


def read(data: bytes) -> Iterator[Record]:
    """The records of a file.

    Raises:
        CustomerError: The bytes are not in this format.
    """
    try:
        for frame in frames(data):
            yield _record(memoryview(unframed(frame)))
    except (ValueError, IndexError, TypeError, KeyError, OverflowError) as error:
        raise CustomerError(f"the data is not RecordIO of protobuf Record messages: {error}") from error


def write(records: Iterable[Record]) -> bytes:
    """A file of records."""
    parts = []
    for record in records:
        message = b"".join(
            _field(number, _field(1, name.encode()) + _field(2, _value(tensor)))
            for number, tensors in ((FEATURES, record.features), (LABEL, record.label))
            for name, tensor in tensors.items()
        )
        parts.append(framed(message))
    return b"".join(parts)


def _record(message: memoryview) -> Record:
    maps: dict[int, dict[str, Tensor]] = {FEATURES: {}, LABEL: {}}
    for number, entry in _fields(message):
        if number in maps:
            name, tensor = _label(bytes(entry)) if number == LABEL else _entry(entry)
            maps[number][name] = tensor
    return Record(maps[FEATURES], maps[LABEL])


def _entry(entry: memoryview) -> tuple[str, Tensor]:
    """One name of a map with its tensor."""
    pair = dict(_fields(entry))
    return bytes(pair[1]).decode(), _tensor(pair.get(2, memoryview(b"")))


@functools.lru_cache(1024)
def _label(entry: bytes) -> tuple[str, Tensor]:
    """The same of labels, which are often few."""
    return _entry(memoryview(entry))


def _tensor(value: memoryview) -> Tensor:
    """The tensor of a Value; its fields may be packed or not, as protobuf allows."""
    for number, message in _fields(value):
        if number not in (*FLOATS, INT32):
            raise ValueError(f"field {number} of a Value is not a float32, float64 or int32 tensor")
        parts: dict[int, list[np.ndarray]] = {1: [], 2: [], 3: []}
        for field, content in _fields(message):
            if field in parts:
                kind = FLOATS.get(number) if field == 1 else None
                parts[field].append(np.frombuffer(content, kind) if kind else _varints(content))
        values = [part.astype(np.uint32).view(np.int32) for part in parts[1]] if number == INT32 else parts[1]
        kind = FLOATS.get(number, "<i4")
        return Tensor(
            _joined(values, kind),
            _joined(parts[2], np.uint64),
            tuple(int(size) for part in parts[3] for size in part),
        )
    return dense(())


def _joined(parts: list[np.ndarray], kind: Any) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros(0, kind)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The numbers of a message's fields, and the bytes of each value: of a varint the varint itself."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        wire, start = key & 7, position
        if wire == 0:
            _, position = _varint(message, position)
        elif wire == 2:
            length, start = _varint(message, position)
            position = start + length
        elif wire in (1, 5):
            position += 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if position > len(message):
            raise ValueError("a field is cut off")
        yield key >> 3, message[start:position]


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """A number, and where the next thing begins."""
    number = shift = 0
    while True:
        byte = message[position]
        position += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, position
        shift += 7


def _varints(packed: memoryview) -> np.ndarray:
    """Numbers that lie one after the other."""
    if len(packed) < SHORT:
        numbers, position = [], 0
        while position < len(packed):
            number, position = _varint(packed, position)
            numbers.append(number)
        return np.array(numbers, np.uint64)
    data = np.frombuffer(packed, np.uint8).astype(np.uint64)
    if not len(data) or data.max() < 128:
        return data
    starts = np.flatnonzero(np.concatenate(([True], data[:-1] < 128)))
    places = np.arange(len(data)) - np.repeat(starts, np.diff(np.append(starts, len(data))))
    shifted: np.ndarray = (data & np.uint64(127)) << (7 * places).astype(np.uint64)
    added: np.ndarray = np.add.reduceat(shifted, starts)
    return added


def _value(tensor: Tensor) -> bytes:
    kinds = {"float32": FLOAT32, "float64": FLOAT64, "int32": INT32}
    number = kinds[tensor.values.dtype.name]
    if number == INT32:
        content = _packed(tensor.values.astype(np.int64).view(np.uint64))
    else:
        content = tensor.values.astype(FLOATS[number]).tobytes()
    fields = [content, _packed(tensor.keys), _packed(tensor.shape)]
    return _field(number, b"".join(_field(field, part) for field, part in enumerate(fields, 1) if part))


def _packed(numbers: Iterable[int]) -> bytes:
    return b"".join(_encoded(int(number)) for number in numbers)


def _encoded(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _encoded(len(content)) + content
