"""Trino's functions and operators where DuckDB's own mean something else, as DuckDB macros.

Typed parameters choose by the arguments' types when a query is bound, so ``trino_divide`` is integer division for
integers. Names inside lambdas begin with ``__`` so that no column is caught by them.
"""

from __future__ import annotations

OPERATORS = """
create macro trino_divide(a TINYINT, b TINYINT) as a // b, (a SMALLINT, b SMALLINT) as a // b,
    (a INTEGER, b INTEGER) as a // b, (a BIGINT, b BIGINT) as a // b, (a HUGEINT, b HUGEINT) as a // b,
    (a HUGEINT, b BIGINT) as a // b, (a BIGINT, b HUGEINT) as a // b, (a FLOAT, b FLOAT) as a / b, (a DOUBLE, b DOUBLE) as a / b, (a INTERVAL, b DOUBLE) as a / b;
create macro trino_divide_decimal(a, b, s) as round(a / (b + case when b = 0 then b // b else 0 end), s);
create macro trino_plus(a DATE, b INTERVAL) as cast(a + b as DATE), (a INTERVAL, b DATE) as cast(a + b as DATE),
    (a, b) as a + b;
create macro trino_minus(a DATE, b INTERVAL) as cast(a - b as DATE), (a DATE, b DATE) as to_days(cast(a - b as INTEGER)),
    (a, b) as a - b;
"""

# A cast that DuckDB would grant and Trino would not gets a '#' into its text, so that it fails there too.
CASTS = """
create macro trino_integral(a VARCHAR) as case when contains(a, '.') or contains(a, 'e') or contains(a, 'E')
        then a || '#' else a end,
    (a BOOLEAN) as a, (a BIGINT) as a, (a HUGEINT) as a, (a DOUBLE) as round(a);
create macro trino_instant(a VARCHAR) as case when contains(a, 'T') or contains(a, 'Z') then a || '#' else a end,
    (a DATE) as a, (a TIMESTAMP) as a, (a TIMESTAMPTZ) as a, (a) as a;
create macro trino_day(a VARCHAR) as case when contains(a, ':') or contains(a, 'T') then a || '#' else a end,
    (a DATE) as a, (a TIMESTAMP) as a, (a TIMESTAMPTZ) as a, (a) as a;
create macro trino_exponent(m, e) as e + case when ltrim(split_part(m, '.', 1), '-') = '0'
    then -1 - (length(split_part(m, '.', 2)) - length(ltrim(split_part(m, '.', 2), '0')))
    else length(ltrim(split_part(m, '.', 1), '-')) - 1 end;
create macro trino_digits(m) as rtrim(ltrim(replace(replace(m, '.', ''), '-', ''), '0'), '0');
create macro trino_scientific(t) as case
    when t in ('nan', '-nan') then 'NaN' when t = 'inf' then 'Infinity' when t = '-inf' then '-Infinity'
    when trino_digits(split_part(t, 'e', 1)) = '' then case when starts_with(t, '-') then '-0.0' else '0.0' end || 'E0'
    else case when starts_with(t, '-') then '-' else '' end || trino_digits(split_part(t, 'e', 1))[1] || '.'
        || coalesce(nullif(trino_digits(split_part(t, 'e', 1))[2:], ''), '0') || 'E'
        || trino_exponent(split_part(t, 'e', 1), coalesce(try_cast(split_part(t, 'e', 2) as INTEGER), 0)) end;
create macro trino_double(t, x) as case
    when x = 0 or (abs(x) >= 0.001 and abs(x) < 10000000) then t else trino_scientific(t) end;
create macro trino_text(a VARCHAR) as a, (a DATE) as cast(a as VARCHAR),
    (a TIMESTAMP) as strftime(a, '%Y-%m-%d %H:%M:%S.%g'),
    (a TIMESTAMPTZ) as strftime(a, '%Y-%m-%d %H:%M:%S.%g') || ' UTC',
    (a) as case when typeof(a) in ('DOUBLE', 'FLOAT') then trino_scientific(cast(a as VARCHAR))
        else cast(a as VARCHAR) end;
"""

TIME = """
create macro trino_interval(u, n) as case lower(u)
    when 'millisecond' then to_milliseconds(n) when 'second' then to_seconds(n) when 'minute' then to_minutes(n)
    when 'hour' then to_hours(n) when 'day' then to_days(cast(n as INTEGER)) when 'week' then to_weeks(cast(n as INTEGER))
    when 'month' then to_months(cast(n as INTEGER)) when 'quarter' then to_quarters(cast(n as INTEGER))
    when 'year' then to_years(cast(n as INTEGER)) end;
create macro trino_date_add(u, n, t DATE) as cast(t + trino_interval(u, n) as DATE), (u, n, t TIMESTAMP) as t + trino_interval(u, n),
    (u, n, t TIMESTAMPTZ) as t + trino_interval(u, n);
create macro trino_date_diff(u, a DATE, b DATE) as datesub(u, a, b), (u, a TIMESTAMP, b TIMESTAMP) as datesub(u, a, b),
    (u, a TIMESTAMPTZ, b TIMESTAMPTZ) as datesub(u, a, b);
create macro trino_date_trunc(u, t DATE) as cast(date_trunc(u, t) as DATE), (u, t TIMESTAMP) as date_trunc(u, t),
    (u, t TIMESTAMPTZ) as date_trunc(u, t);
create macro trino_from_iso8601_timestamp(t VARCHAR) as cast(case when contains(t, ' ') then t || '#' else t end as TIMESTAMPTZ);
create macro trino_from_iso8601_date(t VARCHAR) as cast(case when contains(t, ':') then t || '#' else t end as DATE);
create macro trino_to_iso8601(t DATE) as cast(t as VARCHAR), (t TIMESTAMP) as strftime(t, '%Y-%m-%dT%H:%M:%S.%g'),
    (t TIMESTAMPTZ) as strftime(t, '%Y-%m-%dT%H:%M:%S.%g') || 'Z';
create macro trino_from_unixtime(s) as to_timestamp(cast(s as DOUBLE)),
    (s, z VARCHAR) as to_timestamp(cast(s as DOUBLE));
create macro trino_from_unixtime_nanos(n) as make_timestamptz(n // 1000);
create macro trino_to_unixtime(t DATE) as epoch(t), (t TIMESTAMP) as epoch(t), (t TIMESTAMPTZ) as epoch(t);
create macro trino_at_timezone(t TIMESTAMPTZ, z) as timezone(z, t), (t TIMESTAMP, z) as timezone(z, cast(t as TIMESTAMPTZ));
create macro trino_with_timezone(t TIMESTAMP, z) as timezone(z, t);
create macro trino_last_day_of_month(t DATE) as last_day(t), (t TIMESTAMP) as last_day(t), (t TIMESTAMPTZ) as last_day(cast(t as TIMESTAMP));
create macro trino_millisecond(t) as millisecond(t) % 1000;
create macro trino_to_milliseconds(i) as cast(epoch(i) * 1000 as BIGINT);
create macro trino_human_readable_seconds(s) as trino_readable(cast(round(s) as BIGINT));
"""

READABLE = """
create macro trino_count_of(n, w) as case when n = 0 then null when n = 1 then '1 ' || w else n || ' ' || w || 's' end;
create macro trino_readable(s) as case when s = 0 then '0 seconds' else concat_ws(', ', trino_count_of(s // 604800, 'week'),
    trino_count_of(s % 604800 // 86400, 'day'), trino_count_of(s % 86400 // 3600, 'hour'),
    trino_count_of(s % 3600 // 60, 'minute'), trino_count_of(s % 60, 'second')) end;
"""

TEXT = """
create macro trino_regexp_extract(s, p) as case when regexp_matches(s, p) then regexp_extract(s, p) end,
    (s, p, g) as case when regexp_matches(s, p) then regexp_extract(s, p, g) end;
create macro trino_regexp_extract_all(s, p) as regexp_extract_all(s, p), (s, p, g) as regexp_extract_all(s, p, g);
create macro trino_regexp_replace(s, p) as regexp_replace(s, p, '', 'g'), (s, p, r) as regexp_replace(s, p, r, 'g');
create macro trino_regexp_count(s, p) as cast(len(regexp_extract_all(s, p)) as BIGINT);
create macro trino_regexp_split(s, p) as regexp_split_to_array(s, p);
create macro trino_split(s, d) as str_split(s, d), (s, d, n) as case when len(str_split(s, d)) <= n then str_split(s, d)
    else list_append(list_slice(str_split(s, d), 1, n - 1), array_to_string(list_slice(str_split(s, d), n, len(str_split(s, d))), d)) end;
create macro trino_split_part(s, d, n) as case when n <= len(str_split(s, d)) then split_part(s, d, n) end;
create macro trino_split_to_map(s, e, k) as map_from_entries(list_transform(str_split(s, e),
    lambda __e: struct_pack(k := split_part(__e, k, 1), v := split_part(__e, k, 2))));
create macro trino_concat_ws(d, a VARCHAR[]) as array_to_string(a, d), (d, a VARCHAR) as coalesce(a, '');
create macro trino_codepoint(s) as unicode(s);
create macro trino_normalize(s) as nfc_normalize(s);
create macro trino_hamming_distance(a, b) as cast(hamming(a, b) as BIGINT);
create macro trino_md5(b) as unhex(md5(b));
create macro trino_sha1(b) as unhex(sha1(b));
create macro trino_sha256(b) as unhex(sha256(b));
create macro trino_url_extract_protocol(u) as nullif(regexp_extract(u, '^([a-zA-Z][a-zA-Z0-9+.-]*):', 1), '');
create macro trino_url_extract_host(u) as nullif(regexp_extract(u, '^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/:?#]+)', 1), '');
create macro trino_url_extract_port(u) as try_cast(regexp_extract(u, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/:?#]+:(\\d+)', 1) as BIGINT);
create macro trino_url_extract_path(u) as regexp_extract(u, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*([^?#]*)', 1);
create macro trino_url_extract_query(u) as regexp_extract(u, '\\?([^#]*)', 1);
create macro trino_url_extract_fragment(u) as regexp_extract(u, '#(.*)', 1);
create macro trino_url_extract_parameter(u, n) as case when regexp_matches(u, '[?&]' || regexp_escape(n) || '(=|&|#|$)')
    then url_decode(regexp_extract(u, '[?&]' || regexp_escape(n) || '=([^&#]*)', 1)) end;
create macro trino_typeof(x) as case typeof(x) when 'FLOAT' then 'real' when 'BLOB' then 'varbinary' when 'INTEGER[]' then 'array(integer)'
    when 'BIGINT[]' then 'array(bigint)' when 'VARCHAR[]' then 'array(varchar)' when 'DOUBLE[]' then 'array(double)'
    when 'TIMESTAMP' then 'timestamp(3)' when 'TIMESTAMP WITH TIME ZONE' then 'timestamp(3) with time zone'
    when '"NULL"' then 'unknown' else lower(typeof(x)) end;
"""

NUMBERS = """
create macro trino_sign(a DOUBLE) as cast(sign(a) as DOUBLE), (a BIGINT) as cast(sign(a) as BIGINT), (a INTEGER) as cast(sign(a) as INTEGER);
create macro trino_cbrt(x) as case when round(cbrt(x)) * round(cbrt(x)) * round(cbrt(x)) = x then round(cbrt(x)) else cbrt(x) end;
create macro trino_truncate(x) as trunc(x), (x, n) as trunc(x, n);
create macro trino_random() as random(), (n) as cast(floor(random() * n) as BIGINT), (a, b) as cast(floor(a + random() * (b - a)) as BIGINT);
create macro trino_width_bucket(x, lo, hi, n) as cast(case when x < lo then 0 when x >= hi then n + 1
    else floor((x - lo) / (hi - lo) * n) + 1 end as BIGINT);
create macro trino_nan() as cast('nan' as DOUBLE);
create macro trino_infinity() as cast('inf' as DOUBLE);
create macro trino_e() as exp(1.0);
create macro trino_bit_count(x, bits) as cast(case when bits >= 64 then bit_count(cast(x as BIGINT))
    else bit_count(cast(x as BIGINT) & ((cast(1 as BIGINT) << bits) - 1)) end as BIGINT);
create macro trino_from_base(s, radix) as list_reduce(list_transform(str_split(lower(s), ''),
    lambda __e: cast(strpos('0123456789abcdefghijklmnopqrstuvwxyz', __e) - 1 as BIGINT)), lambda __s, __e: __s * radix + __e);
create macro trino_cosine_distance(a, b) as 1 - list_cosine_similarity(a, b);
"""

ARRAYS = """
create macro trino_array_distinct(a) as list_filter(a, lambda __e, __i: __i = list_position(a, __e));
create macro trino_array_except(a, b) as list_filter(trino_array_distinct(a), lambda __e: coalesce(list_position(b, __e), 0) = 0);
create macro trino_array_intersect(a, b) as list_filter(trino_array_distinct(a), lambda __e: coalesce(list_position(b, __e), 0) > 0);
create macro trino_array_union(a, b) as trino_array_distinct(list_concat(a, b));
create macro trino_array_position(a, e) as cast(case when a is null or e is null then null else coalesce(list_position(a, e), 0) end as BIGINT);
create macro trino_array_remove(a, e) as list_filter(a, lambda __e: __e is null or __e <> e);
create macro trino_array_max(a) as case when len(list_filter(a, lambda __e: __e is null)) > 0 then null else list_max(a) end;
create macro trino_array_min(a) as case when len(list_filter(a, lambda __e: __e is null)) > 0 then null else list_min(a) end;
create macro trino_array_sort(a) as list_sort(a, 'ASC', 'NULLS LAST');
create macro trino_array_join(a, d) as array_to_string(a, d),
    (a, d, n) as array_to_string(list_transform(a, lambda __e: coalesce(cast(__e as VARCHAR), n)), d);
create macro trino_arrays_overlap(a, b) as list_has_any(a, b);
create macro trino_cardinality(x) as cast(len(x) as BIGINT);
create macro trino_contains(a, e) as case when a is null or e is null then null when list_contains(a, e) then true
    when len(list_filter(a, lambda __e: __e is null)) > 0 then null else false end;
create macro trino_slice(a, s, n) as case when s > 0 then list_slice(a, s, s + n - 1)
    when s < 0 and len(a) + s >= 0 then list_slice(a, len(a) + s + 1, len(a) + s + n) else list_slice(a, 2, 1) end;
create macro trino_repeat(e, n) as list_transform(range(n), lambda __e: e);
create macro trino_ngrams(a, n) as case when len(a) <= n then [a]
    else list_transform(range(1, len(a) - n + 2), lambda __e: list_slice(a, __e, __e + n - 1)) end;
create macro trino_zip(a, b) as list_zip(a, b), (a, b, c) as list_zip(a, b, c), (a, b, c, d) as list_zip(a, b, c, d);
create macro trino_sequence(a BIGINT, b BIGINT) as case when a <= b then generate_series(a, b) else generate_series(a, b, -1) end,
    (a BIGINT, b BIGINT, s BIGINT) as generate_series(a, b, s),
    (a DATE, b DATE) as list_transform(generate_series(a, b, interval 1 day), lambda __e: cast(__e as DATE)),
    (a DATE, b DATE, s INTERVAL) as list_transform(generate_series(a, b, s), lambda __e: cast(__e as DATE)),
    (a TIMESTAMP, b TIMESTAMP, s INTERVAL) as generate_series(a, b, s),
    (a TIMESTAMPTZ, b TIMESTAMPTZ, s INTERVAL) as generate_series(a, b, s);
create macro trino_reverse(s VARCHAR) as reverse(s), (s) as list_reverse(s);
create macro trino_map_of(entries) as map_from_entries(list_filter(entries,
    lambda __e, __i: __i = list_position(list_transform(entries, lambda __f: __f.k), __e.k)));
create macro trino_multimap_of(entries) as map_from_entries(list_transform(
    trino_array_distinct(list_transform(entries, lambda __e: __e.k)),
    lambda __k: struct_pack(k := __k, v := list_transform(list_filter(entries, lambda __e: __e.k = __k), lambda __e: __e.v))));
create macro trino_map_concat(a, b) as map_concat(a, b), (a, b, c) as map_concat(a, b, c);
create macro trino_top_counts(h, n) as map_from_entries(list_slice(list_transform(
    list_reverse_sort(list_transform(map_entries(h), lambda __e: struct_pack(c := __e.value, k := __e.key))),
    lambda __e: struct_pack(k := __e.k, v := cast(__e.c as BIGINT))), 1, n));
"""

JSON = """
create macro trino_json_extract_scalar(j, p) as case when json_type(j, p) in ('OBJECT', 'ARRAY') then null else j ->> p end;
create macro trino_json_array_length(j) as case when json_type(j) = 'ARRAY' then cast(json_array_length(j) as BIGINT) end;
create macro trino_json_array_contains(j, v) as json_contains(j, to_json(v));
create macro trino_json_size(j, p) as cast(case json_type(j, p) when 'OBJECT' then len(json_keys(j, p))
    when 'ARRAY' then json_array_length(j, p) when null then null else 0 end as BIGINT);
create macro trino_json_format(j) as cast(j as VARCHAR);
create macro trino_is_json_scalar(j) as json_type(j) not in ('OBJECT', 'ARRAY');
"""

STATEMENTS: tuple[str, ...] = tuple(
    text.strip()
    for part in (OPERATORS, CASTS, READABLE, TIME, TEXT, NUMBERS, ARRAYS, JSON)
    for text in part.split(";\n")
    if text.strip()
)
