"""Queries whose types Athena accepts: none is refused, and each function takes the form its arguments mean."""

from __future__ import annotations

import pytest

# One row of every type that can be a view's column.
FIRST = """
    BIGINT '1', DOUBLE '0.25', 'a,b', DATE '2024-01-15', TIMESTAMP '2024-01-15 10:20:30', '{"a": "q", "b": [1, 2]}',
    ARRAY[1, 2], MAP(ARRAY['k'], ARRAY[1]), CAST(ROW(1, 'x') AS ROW(a integer, b varchar)), CAST(1.50 AS decimal(10, 2))
"""
SECOND = """
    2, 0.75, 'c,d', DATE '2024-02-15', TIMESTAMP '2024-02-15 10:20:30', '{"a": "r", "b": [3]}',
    ARRAY[3], MAP(ARRAY['k'], ARRAY[2]), CAST(ROW(2, 'y') AS ROW(a integer, b varchar)), CAST(2.50 AS decimal(10, 2))
"""

ANSWERS = [
    # aggregates, windows and columns as arguments of functions that mean something else for each type
    ("SELECT date_diff('day', min(d), max(d)) FROM e", [("31",)]),
    ("SELECT date_diff('hour', min(ts), max(ts)) FROM e", [("744",)]),
    ("SELECT date_trunc('month', max(ts)) FROM e", [("2024-02-01 00:00:00.000",)]),
    ("SELECT date_add('day', 1, max(d)) FROM e", [("2024-02-16",)]),
    (
        "SELECT CAST(sum(x) AS varchar), CAST(sum(id) AS varchar), CAST(max(ts) AS varchar) FROM e",
        [("1.0E0", "3", "2024-02-15 10:20:30.000")],
    ),
    ("SELECT round(avg(x), 1), round(sum(dec), 1) FROM e", [("0.5", "4.00")]),
    (
        "SELECT id, sum(x) OVER (ORDER BY id) / nullif(sum(x) OVER (), 0) FROM e ORDER BY id",
        [("1", "0.25"), ("2", "1.0")],
    ),
    (
        "SELECT count_if(x > 0.5) / CAST(count(*) AS double), count_if(x > 0.5) / count(*) FROM e",
        [("0.5", "0")],
    ),
    (
        "SELECT element_at(array_agg(s ORDER BY id), 2), element_at(map_agg(s, id), 'a,b') FROM e",
        [("c,d", "1")],
    ),
    ("SELECT greatest(max(d), date '2030-01-01'), least(min(x), 1.0) FROM e", [("2030-01-01", "0.25")]),
    (
        "SELECT CAST(max(ts) - min(ts) AS varchar), CAST(max(d) - min(d) AS varchar) FROM e",
        [("31 00:00:00.000", "31 00:00:00.000")],
    ),
    # the same in a correlated UNNEST
    (
        "SELECT id, n FROM e CROSS JOIN UNNEST(sequence(1, id)) AS t (n) ORDER BY 1, 2",
        [("1", "1"), ("2", "1"), ("2", "2")],
    ),
    (
        "SELECT id, p FROM e CROSS JOIN UNNEST(split(s, ',')) AS t (p) ORDER BY 1, 2",
        [("1", "a"), ("1", "b"), ("2", "c"), ("2", "d")],
    ),
    (
        "SELECT id, v FROM e CROSS JOIN UNNEST(filter(arr, v -> v > 1)) AS t (v) ORDER BY 1",
        [("1", "2"), ("2", "3")],
    ),
    # subqueries that are compared with
    ("SELECT id = ANY (SELECT id FROM e), x > ALL (SELECT 0.0) FROM e LIMIT 1", [("true", "true")]),
    ("SELECT count(*) FROM e WHERE (id, s) IN (SELECT id, s FROM e)", [("2",)]),
]


VALID = """
date_trunc('day', ts) = d
date_add('day', 1, d) < current_date
from_unixtime(id) < timestamp '2013-01-01 00:00:00'
from_unixtime(id) < ts
year(d) = 2024 AND month(ts) IN (1, 2)
json_extract_scalar(j, '$.a') < 'z'
cast(ts AS date) = d
date_parse('2013-01-01 10:00', '%Y-%m-%d %H:%i') < ts
date_parse(cast(d AS varchar), '%Y-%m-%d') = d
cast(date_parse('2013-01-01', '%Y-%m-%d') AS date) < d
from_iso8601_timestamp('2013-01-01T00:00:00Z') < ts
array[1] = array[1] AND arr[1] > 0 AND m['k'] > 0 AND r.a > 0 AND r.b > 'a'
if(id > 1, null, 1) IS NULL OR coalesce(d, current_date) > d OR true
greatest(d, date '2013-01-01') = d
extract(hour FROM ts) = 10 AND substr(s, 1, 1) >= 'a' AND position(',' IN s) = 2 AND length(s) > 1
date_diff('day', d, current_date) > 1
CASE WHEN id = 1 THEN 1 WHEN id = 2 THEN 2.5 END >= 1
CASE WHEN id = 1 THEN d ELSE ts END <= ts
try_cast(s AS date) IS NULL AND regexp_extract(s, '(.)', 1) >= 'a' AND split(s, ',')[1] < 'z'
concat(s, cast(id AS varchar)) <> concat_ws('-', s, cast(id AS varchar))
date_format(ts, '%Y-%m') > '2013-01'
format_datetime(ts, 'yyyy-MM-dd HH:mm:ss') > '2013'
ts BETWEEN date '2013-01-01' AND date '2030-02-01'
d BETWEEN current_date - interval '36500' day AND current_date
ts - interval '1' day < ts AND ts + interval '1' hour > timestamp '2013-01-01 00:00:00'
d + interval '1' day * 2 > d
interval '2' day > interval '1' day AND date '2024-01-02' - interval '1' day = date '2024-01-01'
now() - interval '1' day < now()
to_unixtime(ts) > 0 AND hour(ts AT TIME ZONE 'America/New_York') < 24
date(ts) = d AND cast('2024-01-15' AS date) <= d
cast(d AS timestamp) <= ts AND cast(d AS varchar) > '2013-01-15'
day_of_week(d) IN (1, 4) AND week(d) > 1
abs(x) > 0 AND round(x, 1) < 1 AND power(x, 2) < 1 AND mod(id, 2) IN (0, 1) AND id % 2 < 2 AND -id < 0 AND sign(x) = 1
lower(s) || upper(s) || trim(s) <> 'x' AND replace(s, ',', '') > 'a' AND lpad(s, 5, '0') < 'a'
1 = 1.0 AND 1e0 = 1 AND dec * 2 > 1.5 AND dec / 3 > 0 AND dec < x + 10 AND id < dec + 10
coalesce(null, 'a') = 'a' AND coalesce(try_cast(s AS double), 0.0) = 0
NOT (x IS NULL) AND (id > 0) = true AND cast(id AS boolean)
json_extract(j, '$.b') IS NOT NULL AND cast(json_extract(j, '$.b') AS array(integer))[1] > 0
json_array_length(json_extract(j, '$.b')) > 0
try(cast(s AS integer)) IS NULL AND try(1 / 0) IS NULL
url_extract_host('http://a.b/') = 'a.b' AND to_hex(md5(to_utf8(s))) <> 'x' AND hamming_distance('a', 'b') = 1
cast(row('a', 1) AS row(x varchar, y integer)).x = 'a' AND map(array['k'], array[1])['k'] = 1
reduce(arr, 0, (a, b) -> a + b, a -> a) = 3 AND any_match(arr, v -> v > 0) AND contains(arr, arr[1])
cardinality(transform(arr, v -> v * 2)) > 0
(SELECT max(id) FROM e) >= id AND exists(SELECT 1 FROM e)
s NOT IN (SELECT s FROM e WHERE id > 5) AND d NOT BETWEEN date '2000-01-01' AND date '2001-01-01'
""".strip().splitlines()

WHOLE = """
SELECT lag(d) OVER (ORDER BY id) = d, lag(x, 1, 0.0) OVER (ORDER BY id), lead(s, 1, 'z') OVER (ORDER BY id) FROM e
SELECT approx_percentile(x, 0.5) > 1, bool_or(x = 1), min_by(s, x) = 'a', max(s) > 'b', arbitrary(d) < current_date FROM e
SELECT count(*) FILTER (WHERE x > 0.5), sum(CASE WHEN s = 'a,b' THEN 1 ELSE 0 END) * 1.0 / count(*) FROM e
SELECT a.id FROM e a JOIN e b ON a.id = b.id AND a.d = b.d AND date_trunc('hour', a.ts) = date_trunc('hour', b.ts)
WITH w AS (SELECT id, row_number() OVER (PARTITION BY s ORDER BY ts DESC) rn, s || '-' k FROM e) SELECT * FROM w WHERE rn = 1 AND k <> ''
SELECT s, avg(x) FROM e GROUP BY 1 HAVING avg(x) > 0.1 AND count(DISTINCT id) >= 1 ORDER BY 2 DESC
SELECT DISTINCT s, count(*) OVER () FROM e ORDER BY s LIMIT 1
SELECT id FROM e UNION SELECT 3 UNION ALL SELECT id + 1 FROM e ORDER BY 1
SELECT a.x, b.y FROM (VALUES (1, 'a')) AS a(x, z) JOIN (VALUES (1, 2.5)) AS b(x, y) ON a.x = b.x
SELECT * FROM (SELECT id, s FROM e) t(a, b) WHERE a = 1 AND b = 'a,b'
SELECT sum(if(x > 0.5, 1, 0)), avg(cast(x > 0.5 AS integer)) FROM e
SELECT id FROM e WHERE ts >= timestamp '2013-01-01' ORDER BY ts DESC FETCH FIRST 1 ROWS ONLY
SELECT percent_rank() OVER (ORDER BY x) >= 0, ntile(4) OVER (ORDER BY x) = 1, first_value(s) OVER (ORDER BY id) = 'a' FROM e
SELECT id, grouping(id, s) FROM e GROUP BY GROUPING SETS ((id), (id, s))
SELECT "id", "S" FROM "nyc"."e" WHERE "id" = 1
SELECT id AS "Id", s AS "My Col" FROM e ORDER BY "Id"
SELECT sum(id) AS id FROM e HAVING sum(id) > 1
SELECT e.*, 1 AS one FROM e LIMIT 1
SELECT count(*), count(1), count(s), count(DISTINCT (id, s)) FROM e
VALUES (1, 'a'), (2, 'b')
TABLE e
SELECT stddev_pop(x), var_samp(x), covar_pop(x, id), regr_intercept(x, id), corr(x, id) FROM e
SELECT array_join(array_agg(s), ';'), listagg(s, ';') WITHIN GROUP (ORDER BY s), histogram(s) FROM e
SELECT id FROM e ORDER BY s, d DESC NULLS LAST LIMIT 1
""".strip().splitlines()


@pytest.fixture(scope="module", autouse=True)
def view(run, nyc) -> str:
    """The view the queries ask, and its name."""
    columns = "(id, x, s, d, ts, j, arr, m, r, dec)"
    run(f"CREATE OR REPLACE VIEW e AS SELECT * FROM (VALUES ({FIRST}), ({SECOND})) AS t {columns}")
    return "e"


@pytest.mark.parametrize(("sql", "rows"), ANSWERS, ids=[case[0] for case in ANSWERS])
def test_the_form_meant(run, sql, rows):
    """
    A function takes the form its arguments' types mean, wherever it stands.
    """
    assert rows == run(sql).rows


@pytest.mark.parametrize("condition", VALID)
def test_conditions_of_valid_types(run, condition):
    """
    Both rows meet the condition; no type is refused that Athena takes.
    """
    assert [("2",)] == run(f"SELECT count(*) FROM e WHERE {condition}").rows


@pytest.mark.parametrize("sql", WHOLE)
def test_queries_of_valid_types(run, sql):
    """
    No type is refused that Athena takes.
    """
    assert run(sql).rows
