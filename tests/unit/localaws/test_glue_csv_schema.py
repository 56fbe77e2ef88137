"""Glue's CSV rules, on text."""

from __future__ import annotations

import pytest

from localaws.glue.csv_schema import CsvRules, csv_schema, kind_of


class TestTypes:
    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            ("12", "bigint"),
            ("-3", "bigint"),
            ("007", "bigint"),
            ("9223372036854775808", "double"),
            ("1.5", "double"),
            ("1e-3", "double"),
            (".5", "double"),
            ("true", "boolean"),
            ("FALSE", "boolean"),
            ("NA", "string"),
            ("2013-01-01", "string"),
            ("2013-01-01 10:00:00", "string"),
            ("", ""),
        ],
    )
    def test_one_value(self, value, kind):
        """
        Numbers and booleans are seen; dates and timestamps stay strings.
        """
        assert kind == kind_of(value)

    def test_na_among_numbers_makes_a_string(self):
        """
        A numeric column with NA in it is a string column.
        """
        schema = csv_schema("a,b\n1,2\nNA,3\n")
        assert (("a", "string"), ("b", "bigint")) == schema.columns

    def test_integers_and_decimals_make_a_double(self):
        """
        A column of bigint and double values is a double.
        """
        assert ("b", "double") == csv_schema("a,b\nx,1\ny,1.5\n").columns[1]

    def test_empty_values_say_nothing(self):
        """
        A column with gaps has the type of what is there; one of gaps only is a string.
        """
        assert (("a", "bigint"), ("b", "string")) == csv_schema("a,b\n1,\n,\n").columns

    def test_only_the_first_thousand_records_count(self):
        """
        A value after the thousandth record does not change a column's type, as in Glue.
        """
        text = "a,b\n" + "1,2\n" * 999 + "NA,2\n"
        assert ("a", "bigint") == csv_schema(text).columns[0]
        assert ("a", "string") == csv_schema(text.replace("1,2\n", "", 1)).columns[0]


class TestHeader:
    def test_a_first_line_of_strings_over_numbers_is_a_header(self):
        """
        Names come from the first line, in lower case.
        """
        schema = csv_schema("Year,Carrier\n2013,UA\n2014,AA\n")
        assert schema.header
        assert (("year", "bigint"), ("carrier", "string")) == schema.columns

    def test_a_file_of_strings_only_has_no_header(self):
        """
        Without a column that is no string, Glue cannot tell a header from data.
        """
        schema = csv_schema("carrier,name\n9E,Endeavor Air Inc.\nAA,American Airlines Inc.\n")
        assert not schema.header
        assert (("col0", "string"), ("col1", "string")) == schema.columns

    def test_a_first_line_with_a_number_is_data(self):
        """
        A header's values are strings, all of them.
        """
        assert (("col0", "string"), ("col1", "bigint")) == csv_schema("a,1\nb,2\n").columns

    def test_a_custom_classifier_can_say_there_is_a_header(self):
        """
        ContainsHeader PRESENT names the columns of a file of strings.
        """
        schema = csv_schema("carrier,name\n9E,Endeavor\n", CsvRules.of({"ContainsHeader": "PRESENT"}))
        assert schema.header
        assert ["carrier", "name"] == [name for name, _ in schema.columns]

    def test_a_custom_classifier_can_name_the_columns(self):
        """
        Header lists the names, in place of the file's or of col0, col1.
        """
        schema = csv_schema(
            "9E,1\nAA,2\n", CsvRules.of({"Header": ["code", "rank"], "ContainsHeader": "ABSENT"})
        )
        assert (("code", "string"), ("rank", "bigint")) == schema.columns

    def test_repeated_names_are_made_unique(self):
        """
        A table cannot have two columns of one name.
        """
        assert ["a", "a_1"] == [name for name, _ in csv_schema("a,A\n1,2\n").columns]


class TestDelimiter:
    @pytest.mark.parametrize("delimiter", [",", "|", "\t", ";", "\x01"])
    def test_each_usual_delimiter_is_found(self, delimiter):
        """
        Comma, pipe, tab, semicolon and Ctrl-A are tried.
        """
        assert delimiter == csv_schema(f"a{delimiter}b\n1{delimiter}2\n").delimiter

    def test_the_one_that_cuts_all_lines_alike_wins(self):
        """
        A comma inside some values does not hide the semicolon between all of them.
        """
        schema = csv_schema("a;b\n1,5;2\n3;4\n")
        assert (";", 2) == (schema.delimiter, len(schema.columns))

    def test_quoted_delimiters_do_not_cut(self):
        """
        A comma in quotes belongs to the value, and the table is marked as quoted.
        """
        schema = csv_schema('a,b\n"x,y",1\n"z",2\n')
        assert schema.quoted
        assert (("a", "string"), ("b", "bigint")) == schema.columns

    @pytest.mark.parametrize("text", ["", "just one line, of text", "one\ntwo\n", "a,b\n1,2,3\n"])
    def test_what_is_no_csv(self, text):
        """
        Two columns and two records are the least; every record has as many columns.
        """
        assert csv_schema(text) is None

    def test_one_column_when_a_classifier_allows_it(self):
        """
        AllowSingleColumn takes a file with no delimiter at all.
        """
        rules = CsvRules.of({"AllowSingleColumn": True, "Delimiter": ","})
        assert (("id", "bigint"),) == csv_schema("id\n1\n2\n", rules).columns
