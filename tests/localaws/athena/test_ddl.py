"""Hive's DDL as Athena takes it."""

from __future__ import annotations

import uuid

import pytest

COMMA = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','"


@pytest.fixture
def name() -> str:
    return f"t_{uuid.uuid4().hex[:10]}"


@pytest.fixture
def glue(client):
    return client("glue")


class TestDatabases:
    def test_creating_and_dropping(self, run, ask, glue, nyc):
        """
        Databases are Glue's; IF NOT EXISTS and IF EXISTS are content with what is.
        """
        name = f"db_{uuid.uuid4().hex[:8]}"
        run(f"CREATE DATABASE {name} COMMENT 'mine' LOCATION 's3://lake/x/' WITH DBPROPERTIES ('a' = 'b')")
        found = glue.get_database(Name=name)["Database"]
        assert ("mine", "s3://lake/x/", {"a": "b"}) == (
            found["Description"],
            found["LocationUri"],
            found["Parameters"],
        )
        run(f"CREATE SCHEMA IF NOT EXISTS {name}")
        reason = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
        assert f"{reason}Database {name} already exists" == ask(f"CREATE DATABASE {name}").reason
        run(f"DROP DATABASE {name}")
        run(f"DROP SCHEMA IF EXISTS {name}")
        assert (
            f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}"
            == ask(f"DROP DATABASE {name}").reason
        )

    def test_one_with_tables_needs_cascade(self, run, ask, nyc):
        """
        DROP DATABASE of one that is not empty fails without CASCADE.
        """
        name = f"db_{uuid.uuid4().hex[:8]}"
        run(f"CREATE DATABASE {name}")
        run(f"CREATE EXTERNAL TABLE {name}.t (a int) LOCATION 's3://lake/t/'")
        assert f"Database {name} is not empty" in ask(f"DROP DATABASE {name}").reason
        run(f"DROP DATABASE {name} CASCADE")

    def test_a_statement_without_a_result(self, athena, run, client, lake, nyc):
        """
        Its object is an empty text, and it has neither columns nor rows.
        """
        name = f"db_{uuid.uuid4().hex[:8]}"
        answer = run(f"CREATE DATABASE {name}")
        assert ("DDL", "CREATE_DATABASE", [], []) == (
            answer.execution["StatementType"],
            answer.execution["SubstatementType"],
            answer.rows,
            answer.columns,
        )
        body = client("s3").get_object(Bucket=lake, Key=f"results/{answer.id}.txt")["Body"].read()
        assert b"" == body

    def test_a_failure_is_the_result_too(self, athena, ask, client, lake, nyc):
        """
        What Hive fails at is written to the text object, and GetQueryResults answers without rows.
        """
        answer = ask("DROP TABLE nosuch")
        assert "FAILED: SemanticException [Error 10001]: Table not found nyc.nosuch" == answer.reason
        body = client("s3").get_object(Bucket=lake, Key=f"results/{answer.id}.txt")["Body"].read()
        assert answer.reason == body.decode()
        assert [] == athena.get_query_results(QueryExecutionId=answer.id)["ResultSet"]["Rows"]


class TestCreateTable:
    def test_all_its_clauses(self, run, glue, nyc, name):
        """
        Columns, comments, partitions, delimiters and properties are kept in the catalogue.
        """
        run(rf"""
            CREATE EXTERNAL TABLE IF NOT EXISTS `nyc`.`{name}` (
              `Id` bigint COMMENT 'the key, of course',
              amount decimal(10, 2),
              tags map<string, array<int>>,
              address struct<street:string, number:int>
            )
            COMMENT 'a table'
            PARTITIONED BY (year int, `month` string COMMENT 'as text')
            ROW FORMAT DELIMITED
              FIELDS TERMINATED BY '\t' ESCAPED BY '\\'
              COLLECTION ITEMS TERMINATED BY '|' MAP KEYS TERMINATED BY ':'
            STORED AS TEXTFILE
            LOCATION 's3://lake/somewhere/'
            TBLPROPERTIES ('skip.header.line.count' = '1', 'note' = 'it''s fine');
        """)
        found = glue.get_table(DatabaseName="nyc", Name=name)["Table"]
        descriptor = found["StorageDescriptor"]
        assert [
            {"Name": "id", "Type": "bigint", "Comment": "the key, of course"},
            {"Name": "amount", "Type": "decimal(10,2)"},
            {"Name": "tags", "Type": "map<string,array<int>>"},
            {"Name": "address", "Type": "struct<street:string,number:int>"},
        ] == descriptor["Columns"]
        assert [("year", "int"), ("month", "string")] == [
            (k["Name"], k["Type"]) for k in found["PartitionKeys"]
        ]
        assert {
            "field.delim": "\t",
            "serialization.format": "\t",
            "escape.delim": "\\",
            "colelction.delim": "|",
            "mapkey.delim": ":",
        } == descriptor["SerdeInfo"]["Parameters"]
        assert {"EXTERNAL": "TRUE", "skip.header.line.count": "1", "note": "it's fine"} == found["Parameters"]
        assert "a table" == found["Description"]

    @pytest.mark.parametrize(
        ("how", "serde"),
        [
            ("STORED AS PARQUET", "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"),
            ("ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'", "org.openx.data.jsonserde.JsonSerDe"),
            (
                "ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'",
                "org.apache.hive.hcatalog.data.JsonSerDe",
            ),
            (
                "STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat' "
                "OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'",
                "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            ),
            ("", "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"),
        ],
    )
    def test_formats(self, run, glue, nyc, name, how, serde):
        """
        Each format has its SerDe.
        """
        run(f"CREATE EXTERNAL TABLE {name} (a int) {how} LOCATION 's3://lake/x/'")
        found = glue.get_table(DatabaseName="nyc", Name=name)["Table"]
        assert serde == found["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"]

    @pytest.mark.parametrize(
        ("sql", "reason"),
        [
            (
                "CREATE EXTERNAL TABLE {} (a nosuch) LOCATION 's3://b/x/'",
                "HIVE_INVALID_METADATA: Unsupported type: nosuch",
            ),
            (
                "CREATE EXTERNAL TABLE {} (a int)",
                "FAILED: SemanticException No location was specified for table",
            ),
            (
                "CREATE EXTERNAL TABLE {} (a int) STORED AS RCFILE LOCATION 's3://b/x/'",
                "NOT_SUPPORTED: localaws does not run CREATE TABLE with STORED AS RCFILE",
            ),
            (
                "CREATE TABLE {} (a int) LOCATION 's3://b/x/'",
                "NOT_SUPPORTED: localaws does not run CREATE TABLE without EXTERNAL",
            ),
            ("CREATE EXTERNAL TABLE {} (a int) NONSENSE", "FAILED: ParseException line 1:"),
        ],
    )
    def test_what_is_refused(self, ask, nyc, name, sql, reason):
        """
        Unknown types, formats and words end the statement, and say which.
        """
        answer = ask(sql.format(name))
        assert reason == answer.reason[: len(reason)]

    def test_a_table_that_exists(self, run, ask, nyc, name):
        """
        AlreadyExistsException in Hive's words.
        """
        sql = f"CREATE EXTERNAL TABLE {name} (a int) LOCATION 's3://lake/x/'"
        run(sql)
        assert ask(sql).reason.endswith(f"AlreadyExistsException(message:Table {name} already exist)")


class TestPartitions:
    @pytest.fixture
    def partitioned(self, run, put, nyc, name) -> str:
        location = put(f"tables/{name}/day=1/a.csv", "7\n").rpartition("/day=")[0] + "/"
        put(f"tables/{name}/day=2/a.csv", "8\n")
        put(f"tables/{name}/other/a.csv", "9\n")
        run(f"CREATE EXTERNAL TABLE {name} (n int) PARTITIONED BY (day int) {COMMA} LOCATION '{location}'")
        return name

    def test_repairing_adds_what_is_there(self, run, partitioned):
        """
        MSCK REPAIR TABLE adds the key=value folders that are no partitions yet, and names them.
        """
        answer = run(f"MSCK REPAIR TABLE {partitioned}")
        assert (f"Partitions not in metastore:\t{partitioned}:day=1\t{partitioned}:day=2",) == answer.rows[0]
        assert (f"Repair: Added partition to metastore {partitioned}:day=1",) == answer.rows[1]
        assert [("day=1",), ("day=2",)] == run(f"SHOW PARTITIONS {partitioned}").rows
        assert [] == run(f"MSCK REPAIR TABLE {partitioned}").rows

    def test_adding_and_dropping(self, run, ask, partitioned, lake):
        """
        ADD PARTITION may name a location; DROP PARTITION leaves the data.
        """
        run(
            f"ALTER TABLE {partitioned} ADD PARTITION (day = 1) PARTITION (day = 5) LOCATION 's3://{lake}/tables/{partitioned}/other/'"
        )
        assert [("7", "1"), ("9", "5")] == run(f"SELECT * FROM {partitioned} ORDER BY n").rows
        assert "Partition already exists" in ask(f"ALTER TABLE {partitioned} ADD PARTITION (day = 1)").reason
        run(f"ALTER TABLE {partitioned} ADD IF NOT EXISTS PARTITION (day = 1)")
        run(f"ALTER TABLE {partitioned} DROP PARTITION (day = 1), PARTITION (day = 5)")
        assert [] == run(f"SELECT * FROM {partitioned}").rows
        assert "Partition not found" in ask(f"ALTER TABLE {partitioned} DROP PARTITION (day = 1)").reason
        run(f"ALTER TABLE {partitioned} DROP IF EXISTS PARTITION (day = 1)")

    def test_renaming_and_moving(self, run, ask, partitioned, lake):
        """
        A partition gets other values, or another folder; its files stay where they are.
        """
        run(f"MSCK REPAIR TABLE {partitioned}")
        run(f"ALTER TABLE {partitioned} PARTITION (day = 1) RENAME TO PARTITION (day = 9)")
        assert [("7", "9"), ("8", "2")] == run(f"SELECT * FROM {partitioned} ORDER BY n").rows
        other = f"s3://{lake}/tables/{partitioned}/other/"
        run(f"ALTER TABLE {partitioned} PARTITION (day = 9) SET LOCATION '{other}'")
        assert [("8", "2"), ("9", "9")] == run(f"SELECT * FROM {partitioned} ORDER BY n").rows
        missing = ask(f"ALTER TABLE {partitioned} PARTITION (day = 7) SET LOCATION '{other}'")
        assert "Partition not found" in missing.reason

    def test_the_table_of_partitions(self, run, ask, partitioned):
        """
        ``table$partitions`` has a row for each, typed; a table without partitions has none such.
        """
        run(f"MSCK REPAIR TABLE {partitioned}")
        answer = run(f'SELECT max(day) FROM "{partitioned}$partitions"')
        assert ([("2",)], ["integer"]) == (answer.rows, answer.types)
        assert "TABLE_NOT_FOUND" in ask('SELECT * FROM "airlines$partitions"').reason


class TestAlter:
    def test_changing_a_column(self, run, ask, glue, nyc, name):
        """
        CHANGE COLUMN gives name, type, comment and place.
        """
        run(f"CREATE EXTERNAL TABLE {name} (a int, b string) LOCATION 's3://lake/x/'")
        run(f"ALTER TABLE {name} CHANGE a n bigint COMMENT 'a number'")
        run(f"ALTER TABLE {name} CHANGE COLUMN b b varchar(3) FIRST")
        run(f"ALTER TABLE {name} CHANGE COLUMN b b varchar(4) AFTER n")
        columns = glue.get_table(DatabaseName="nyc", Name=name)["Table"]["StorageDescriptor"]["Columns"]
        assert [
            {"Name": "n", "Type": "bigint", "Comment": "a number"},
            {"Name": "b", "Type": "varchar(4)"},
        ] == columns
        assert "Invalid column reference x" in ask(f"ALTER TABLE {name} CHANGE x y int").reason
        assert "Duplicate column name: b" in ask(f"ALTER TABLE {name} CHANGE n b int").reason

    def test_columns_properties_and_location(self, run, glue, nyc, name):
        """
        Columns are added or replaced, properties merged, the location set.
        """
        run(f"CREATE EXTERNAL TABLE {name} (a int) LOCATION 's3://lake/x/' TBLPROPERTIES ('k' = 'v')")
        run(f"ALTER TABLE {name} ADD COLUMNS (b string, c double)")
        run(f"ALTER TABLE {name} SET TBLPROPERTIES ('k2' = 'v2')")
        run(f"ALTER TABLE {name} SET LOCATION 's3://lake/y/'")
        found = glue.get_table(DatabaseName="nyc", Name=name)["Table"]
        assert ["a", "b", "c"] == [column["Name"] for column in found["StorageDescriptor"]["Columns"]]
        assert ("v", "v2") == (found["Parameters"]["k"], found["Parameters"]["k2"])
        assert "s3://lake/y/" == found["StorageDescriptor"]["Location"]
        run(f"ALTER TABLE {name} REPLACE COLUMNS (z date)")
        assert [("z                   ",)] == run(f"SHOW COLUMNS IN {name}").rows

    def test_what_is_not_served(self, ask, nyc):
        """
        Other alterations are refused by name.
        """
        assert (
            "NOT_SUPPORTED: localaws does not run ALTER_TABLE statements"
            == ask("ALTER TABLE airlines RENAME TO x").reason
        )


class TestShow:
    def test_databases_and_tables(self, run, ask, nyc):
        """
        Names one a line; patterns are regular expressions in which a lone * stands for anything.
        """
        assert ("nyc",) in run("SHOW DATABASES").rows
        assert [("nyc",)] == run("SHOW SCHEMAS LIKE 'ny.*'").rows
        assert [("airlines",), ("airports",)] == run("SHOW TABLES IN nyc 'air*'").rows
        assert ["tab_name"] == run("SHOW TABLES").names
        assert "Database does not exist: nosuch" in ask("SHOW TABLES IN nosuch").reason

    def test_columns_are_padded_as_hive_pads(self, run, nyc):
        """
        Names are filled up to twenty signs.
        """
        assert [("carrier             ",), ("name                ",)] == run(
            "SHOW COLUMNS FROM airlines"
        ).rows

    def test_describing(self, run, table):
        """
        Name, type and comment are parted by tabs; partition columns come twice, under a heading.
        """
        name = table("a int COMMENT 'first'", {}, "PARTITIONED BY (p string) " + COMMA)
        answer = run(f"DESCRIBE {name}")
        assert ["col_name", "data_type", "comment"] == answer.names
        assert [
            "a                   \tint                 \tfirst               ",
            "p                   \tstring              \t                    ",
            "\t \t ",
            "# Partition Information\t \t ",
            "# col_name          \tdata_type           \tcomment             ",
            "\t \t ",
            "p                   \tstring              \t                    ",
        ] == [row[0] for row in answer.rows]

    def test_describing_a_view(self, run, nyc, name):
        """
        Column and type, Trino's words.
        """
        run(f"CREATE VIEW {name} AS SELECT 1 AS n, DATE '2024-01-01' AS d")
        assert [("n\tinteger",), ("d\tdate",)] == run(f"DESCRIBE {name}").rows
        assert [(name,)] == run(f"SHOW VIEWS LIKE '{name}'").rows
        assert [(f"CREATE VIEW nyc.{name} AS",), ("SELECT 1 AS n, DATE '2024-01-01' AS d",)] == run(
            f"SHOW CREATE VIEW {name}"
        ).rows

    def test_the_statement_that_makes_a_table(self, run, nyc, name):
        """
        SHOW CREATE TABLE gives a statement that makes the same table again.
        """
        run(rf"""CREATE EXTERNAL TABLE {name} (a int COMMENT 'x', b array<string>) PARTITIONED BY (p string)
                 ROW FORMAT DELIMITED FIELDS TERMINATED BY '\;' LOCATION 's3://lake/x/' TBLPROPERTIES ('k' = 'v')""")
        first = [row[0] for row in run(f"SHOW CREATE TABLE {name}").rows]
        assert f"CREATE EXTERNAL TABLE `{name}`(" == first[0]
        assert "  `a` int COMMENT 'x', " == first[1]
        run(f"DROP TABLE {name}")
        run("\n".join(first))
        assert first == [row[0] for row in run(f"SHOW CREATE TABLE {name}").rows]

    def test_properties(self, run, nyc):
        """
        SHOW TBLPROPERTIES gives name and value, all or those asked for.
        """
        assert ("classification\tcsv",) in run("SHOW TBLPROPERTIES airlines").rows
        assert [("delimiter\t,",)] == run("SHOW TBLPROPERTIES airlines('delimiter')").rows

    def test_a_missing_table(self, ask, nyc):
        """
        Hive's SemanticException names it.
        """
        for sql in (
            "DESCRIBE nosuch",
            "SHOW COLUMNS IN nosuch",
            "SHOW PARTITIONS nosuch",
            "SHOW CREATE TABLE nosuch",
        ):
            assert "FAILED: SemanticException [Error 10001]: Table not found nyc.nosuch" == ask(sql).reason

    def test_a_table_without_partitions(self, ask, nyc):
        """
        It is said to be none that is partitioned.
        """
        assert "Table nyc.airlines is not a partitioned table" in ask("SHOW PARTITIONS airlines").reason


def test_comments_do_not_count(run, nyc):
    """
    A comment before a statement hides nothing of what it is.
    """
    answer = run("-- SELECT\nSHOW TABLES")
    assert ("UTILITY", "SHOW_TABLES") == (
        answer.execution["StatementType"],
        answer.execution["SubstatementType"],
    )
    assert "SELECT" == run("/* SHOW TABLES */ SELECT 1").execution["SubstatementType"]
