"""The subset of YAML that step files are written in."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from foldline.stepfiles.documents import Document, Place, Unreadable, read_document


@pytest.fixture
def read(tmp_path):
    def reader(text: str | bytes) -> Document:
        file = tmp_path / "file.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_document(file, "file.yaml")

    return reader


@pytest.fixture
def fault(read):
    def refused(text: str | bytes) -> tuple[int, str]:
        with pytest.raises(Unreadable) as caught:
            read(text)
        return caught.value.line, caught.value.message

    return refused


def test_values_follow_yaml_1_2(read):
    """
    Norway stays NO, 1e3 is a number, a leading zero makes text, and a date is a date.
    """
    text = """
    country: NO
    answers: [yes, off, true, False, null, ~, "true", 'null']
    numbers: [7, -3, 0.5, 1e3, .5, +1]
    texts: [012, 1_000, 0x1f, 12:30, .inf, .nan, 1.2.3]
    day: 2013-12-31
    moment: 2013-12-31T10:00:00
    nothing:
    """
    expected = {
        "country": "NO",
        "answers": ["yes", "off", True, False, None, None, "true", "null"],
        "numbers": [7, -3, 0.5, 1000.0, 0.5, 1],
        "texts": ["012", "1_000", "0x1f", "12:30", ".inf", ".nan", "1.2.3"],
        "day": dt.date(2013, 12, 31),
        "moment": "2013-12-31T10:00:00",
        "nothing": None,
    }
    assert expected == read(text).value


def test_keys_are_texts(read):
    """
    A key is the text that was written, whatever it looks like.
    """
    assert {"on": 1, "1": 2, "null": 3} == read("on: 1\n1: 2\nnull: 3\n").value


def test_every_key_and_item_has_a_place(read):
    """
    The line of a key, of a list item, and of the nearest mapping around what is not written.
    """
    document = read("# a comment\nfolds:\n  k: 5\nlist:\n- a\n- b\n")
    assert Place("file.yaml", 3) == document.place(("folds", "k"))
    assert Place("file.yaml", 6) == document.place(("list", 1))
    assert Place("file.yaml", 2) == document.place(("folds", "seed"))
    assert Place("file.yaml", 1) == document.place(("tuning",))


def test_an_empty_file_is_an_empty_mapping(read):
    """
    A file of comments holds no settings, and that is fine.
    """
    assert [{}, {}, {}] == [read(text).value for text in ("", "# nothing\n", "---\n")]


def test_duplicate_keys(fault):
    """
    The second of two equal keys is refused, with the line of the first.
    """
    assert (3, "k: is here twice, first on line 1") == fault("k: 5\na: 1\nk: 6\n")
    assert (2, "a: is here twice, first on line 2") == fault("m:\n  {a: 1, a: 2}\n")


def test_an_alias_bomb_is_refused_at_its_first_anchor(fault):
    """
    Nothing is built of a document with anchors: the bomb does not go off.
    """
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))
    line, message = fault(f"a0: &a0 [lol]\n{levels}\n")
    assert (1, "anchors and aliases are refused (`a0`); write the value again") == (line, message)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tags are refused"),
        ("a: !secret x\n", 1, "tags are refused"),
        ("a: 1\n<<: {b: 2}\n", 2, r"merge keys \(<<\) are refused"),
        ("a: 1\n? [x]\n: 2\n", 2, "a key must be plain text"),
        ("a: 1\n---\nb: 2\n", 2, "a second document starts here"),
        ("- a\n", 1, "must be a mapping of keys to values"),
        ("just text\n", 1, "must be a mapping of keys to values"),
        ("a: 1\nb: 2013-02-30\n", 2, "2013-02-30 is no date"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "is no YAML"),
        ("a: 1\n\tb: 2\n", 2, "is no YAML"),
        (b"a: 1\nb: \xff\n", 2, "is not UTF-8"),
        ("a: \x01\n", 0, "is no YAML"),
        ("a: " + "[" * 30 + "]" * 30, 1, "more than 20 levels"),
        ("a: " + "[" * 300_000, 1, "more than 20 levels"),
        ("a: " + "x" * 1_000_001, 0, "is longer than 1,000,000 bytes"),
    ],
)
def test_what_is_refused(fault, text, line, message):
    """
    Each is refused with the line that says so.
    """
    found, told = fault(text)
    assert line == found
    assert re.search(message, told)


def test_a_missing_file(tmp_path):
    """
    A file that cannot be read is told as the system tells it.
    """
    with pytest.raises(Unreadable, match="cannot be read: No such file or directory"):
        read_document(tmp_path / "absent.yaml")


def test_merging_goes_key_by_key(read):
    """
    Mappings merge, lists and scalars are replaced, and places follow the values.
    """
    below = Document("step", {"job": {"a": 1, "b": 2}, "l": [1, 2]}, {("job", "a"): Place("step", 2)})
    above = Document("env", {"job": {"a": 9}, "l": [3]}, {("job", "a"): Place("env", 7)})
    merged = below.merged(above)
    assert {"job": {"a": 9, "b": 2}, "l": [3]} == merged.value
    assert Place("env", 7) == merged.place(("job", "a"))
    assert {"job": {"a": 1, "b": 2}, "l": [1, 2]} == below.value
