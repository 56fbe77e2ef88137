"""Trino's functions that DuckDB lacks and Python's library, or a few lines, has: exact, a value at a time."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Callable
from functools import partial

import duckdb

MASK = (1 << 64) - 1
PRIMES = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
SOUNDS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "01230120022455012623010202", strict=True))


def xxhash64(data: bytes) -> bytes:
    """XXH64 with seed 0, eight bytes with the highest first, as Trino gives it.

    Source: the XXH64 description in the xxHash project's specification.
    """
    p1, p2, p3, p4, p5 = PRIMES
    length, at = len(data), 0
    if length >= 32:
        lanes = [(p1 + p2) & MASK, p2, 0, -p1 & MASK]
        while at + 32 <= length:
            for n in range(4):
                lanes[n] = _round(lanes[n], int.from_bytes(data[at : at + 8], "little"))
                at += 8
        total = sum(_rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & MASK
        for lane in lanes:
            total = ((total ^ _round(0, lane)) * p1 + p4) & MASK
    else:
        total = p5
    total = (total + length) & MASK
    while at + 8 <= length:
        word = _round(0, int.from_bytes(data[at : at + 8], "little"))
        total = (_rotated(total ^ word, 27) * p1 + p4) & MASK
        at += 8
    if at + 4 <= length:
        total = (
            _rotated(total ^ (int.from_bytes(data[at : at + 4], "little") * p1 & MASK), 23) * p2 + p3
        ) & MASK
        at += 4
    for byte in data[at:]:
        total = _rotated(total ^ (byte * p5 & MASK), 11) * p1 & MASK
    total = (total ^ total >> 33) * p2 & MASK
    total = (total ^ total >> 29) * p3 & MASK
    return (total ^ total >> 32).to_bytes(8, "big")


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & MASK


def _round(lane: int, word: int) -> int:
    return _rotated((lane + word * PRIMES[1]) & MASK, 31) * PRIMES[0] & MASK


def soundex(text: str) -> str:
    """American Soundex: a letter and three digits; H and W part no two letters of one sound."""
    letters = [sign for sign in text.upper() if sign in SOUNDS]
    if not letters:
        return ""
    code, last = letters[0], SOUNDS[letters[0]]
    for letter in letters[1:]:
        sound = SOUNDS[letter]
        if sound not in ("0", last):
            code += sound
        if letter not in "HW":
            last = sound
    return (code + "000")[:4]


def luhn_check(digits: str) -> bool:
    """Whether a text of digits ends in its Luhn check digit."""
    values = [int(sign) for sign in reversed(digits)]
    doubled = (sum(divmod(2 * value, 10)) for value in values[1::2])
    return (sum(values[::2]) + sum(doubled)) % 10 == 0


def crc32(data: bytes) -> int:
    """The CRC-32 of bytes."""
    return zlib.crc32(data)


def _keyed(algorithm: str, data: bytes, key: bytes) -> bytes:
    return hmac.digest(key, data, algorithm)


NATIVES: dict[str, tuple[Callable[..., object], list[str], str]] = {
    "crc32": (crc32, ["BLOB"], "BIGINT"),
    **{
        f"hmac_{name}": (partial(_keyed, name), ["BLOB", "BLOB"], "BLOB")
        for name in ("md5", "sha1", "sha256", "sha512")
    },
    "luhn_check": (luhn_check, ["VARCHAR"], "BOOLEAN"),
    "sha512": (lambda data: hashlib.sha512(data).digest(), ["BLOB"], "BLOB"),
    "soundex": (soundex, ["VARCHAR"], "VARCHAR"),
    "xxhash64": (xxhash64, ["BLOB"], "BLOB"),
}


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to a DuckDB instance.

    Args:
        connection: A connection of the instance, before its configuration is locked.
    """
    for name, (function, parameters, result) in NATIVES.items():
        connection.create_function(name, function, parameters, result)
