"""Results as they lie in S3."""

from __future__ import annotations

from localaws.athena.columns import column_info
from localaws.athena.metadata import metadata
from localaws.athena.results import csv_page, text_page

CSV = '"a","b"\n"1",\n"x""y","two\nlines"\n"","é,"\n'


class TestPages:
    def test_all_of_it(self, tmp_path):
        """
        Nothing is NULL, quotes are doubled, a value may have lines of its own.
        """
        path = tmp_path / "r.csv"
        path.write_text(CSV, encoding="utf-8")
        rows, following = csv_page(path, 0, 100)
        assert [["a", "b"], ["1", None], ['x"y', "two\nlines"], ["", "é,"]] == rows
        assert following is None

    def test_page_by_page(self, tmp_path):
        """
        Each page goes on where the last one ended, and the last one says so.
        """
        path = tmp_path / "r.csv"
        path.write_text(CSV, encoding="utf-8")
        pages, offset = [], 0
        while offset is not None:
            rows, offset = csv_page(path, offset, 1)
            pages.append(rows)
        assert [[["a", "b"]], [["1", None]], [['x"y', "two\nlines"]], [["", "é,"]]] == pages

    def test_lines(self):
        """
        A text has one value a line.
        """
        assert ([["a"], ["b"]], 2) == text_page("a\nb\nc", 0, 2)
        assert ([["c"]], None) == text_page("a\nb\nc", 2, 2)
        assert ([], None) == text_page("", 0, 2)


class TestMetadata:
    def test_a_query_s(self):
        """
        The bytes are those of Athena's own message: id, then each column's fields in order.
        """
        column = column_info("n", "bigint", 19)
        assert (
            b"\x0a\x02id"
            b"\x22\x1c\x0a\x04hive\x22\x01n\x2a\x01n\x32\x06bigint\x38\x13\x40\x00\x48\x03\x50\x00"
            == metadata("id", [column])
        )

    def test_a_write_s(self):
        """
        What was done, and to how many rows.
        """
        assert b"\x0a\x02id\x12\x06INSERT\x18\xac\x02" == metadata("id", [], "INSERT", 300)
