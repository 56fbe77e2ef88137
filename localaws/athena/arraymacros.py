"""Listings of macros on arrays, maps and JSON; their form is told in :mod:`localaws.athena.macros`."""

from __future__ import annotations

# A subscript out of range fails in a cast: TRY takes that for what it is, and no error().
ARRAYS = """
has_null
  (a) len(list_filter(a, lambda __e: __e is null)) > 0
array_distinct
  (a) list_filter(a, lambda __e, __i: __i = list_position(a, __e))
array_except
  (a, b) list_filter(trino_array_distinct(a), lambda __e: coalesce(list_position(b, __e), 0) = 0)
array_intersect
  (a, b) list_filter(trino_array_distinct(a), lambda __e: coalesce(list_position(b, __e), 0) > 0)
array_union
  (a, b) trino_array_distinct(list_concat(a, b))
array_position
  (a, e) cast(case when a is null or e is null then null else coalesce(list_position(a, e), 0) end as BIGINT)
array_remove
  (a, e) list_filter(a, lambda __e: __e is null or __e <> e)
array_max
  (a) case when trino_has_null(a) then null else list_max(a) end
array_min
  (a) case when trino_has_null(a) then null else list_min(a) end
array_sort
  (a) list_sort(a, 'ASC', 'NULLS LAST')
array_join
  (a, d) array_to_string(a, d)
  (a, d, n) array_to_string(list_transform(a, lambda __e: coalesce(cast(__e as VARCHAR), n)), d)
arrays_overlap
  (a, b) list_has_any(a, b)
cardinality
  (x) cast(len(x) as BIGINT)
contains
  (a, e) case when a is null or e is null then null when list_contains(a, e) then true
    when trino_has_null(a) then null else false end
slice
  (a, s, n) case when s > 0 then list_slice(a, s, s + n - 1)
    when s < 0 and len(a) + s >= 0 then list_slice(a, len(a) + s + 1, len(a) + s + n)
    else list_slice(a, 2, 1) end
repeat
  (e, n) list_transform(range(n), lambda __e: e)
ngrams
  (a, n) case when len(a) <= n then [a]
    else list_transform(range(1, len(a) - n + 2), lambda __e: list_slice(a, __e, __e + n - 1)) end
zip
  (a, b) list_zip(a, b)
  (a, b, c) list_zip(a, b, c)
  (a, b, c, d) list_zip(a, b, c, d)
sequence
  (a BIGINT, b BIGINT) case when a <= b then generate_series(a, b) else generate_series(a, b, -1) end
  (a BIGINT, b BIGINT, s BIGINT) generate_series(a, b, s)
  (a DATE, b DATE) list_transform(generate_series(a, b, interval 1 day), lambda __e: cast(__e as DATE))
  (a DATE, b DATE, s INTERVAL) list_transform(generate_series(a, b, s), lambda __e: cast(__e as DATE))
  (a TIMESTAMP, b TIMESTAMP, s INTERVAL) generate_series(a, b, s)
  (a TIMESTAMPTZ, b TIMESTAMPTZ, s INTERVAL) generate_series(a, b, s)
reverse
  (s VARCHAR) reverse(s)
  (s) list_reverse(s)
map_of
  (entries) map_from_entries(list_filter(entries,
    lambda __e, __i: __i = list_position(list_transform(entries, lambda __f: __f.k), __e.k)))
values_of
  (entries, key) list_transform(list_filter(entries, lambda __e: __e.k = key), lambda __e: __e.v)
multimap_of
  (entries) map_from_entries(list_transform(
    trino_array_distinct(list_transform(entries, lambda __e: __e.k)),
    lambda __k: struct_pack(k := __k, v := trino_values_of(entries, __k))))
map_concat
  (a, b) map_concat(a, b)
  (a, b, c) map_concat(a, b, c)
place
  (i, n) case
    when i = 0 then cast('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1#' as BIGINT)
    when i < 0 then cast('INVALID_FUNCTION_ARGUMENT: Array subscript is negative: ' || i || '#' as BIGINT)
    when i > n then cast('INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to '
      || 'array length: ' || i || ' > ' || n || '#' as BIGINT)
    else i end
subscript
  (a, i) a[trino_place(i, len(a))]
map_subscript
  (m, k) case when m is null or k is null or map_contains(m, k) then m[k]
    else list_extract([m[k]],
      cast('INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || k || '#' as BIGINT)) end
array_frequency
  (a) map_from_entries(list_transform(
    trino_array_distinct(list_filter(a, lambda __e: __e is not null)),
    lambda __k: struct_pack(k := __k, v := cast(len(list_filter(a, lambda __e: __e = __k)) as INTEGER))))
merged_maps
  (l) list_reduce(list_filter(l, lambda __e: __e is not null), lambda __s, __e: map_concat(__s, __e))
merged_sets
  (l) trino_array_distinct(flatten(l))
top_counts
  (h, n) map_from_entries(list_slice(list_transform(
    list_reverse_sort(list_transform(map_entries(h), lambda __e: struct_pack(c := __e.value, k := __e.key))),
    lambda __e: struct_pack(k := __e.k, v := cast(__e.c as BIGINT))), 1, n))
"""

# Trino's functions give NULL for a text that is no JSON; only json_parse fails.
JSON = """
json_extract_scalar
  (j, p) case when not json_valid(j) or json_type(j, p) in ('OBJECT', 'ARRAY') then null else j ->> p end
json_extract
  (j, p) case when json_valid(j) then json_extract(j, p) end
json_exists
  (j, p) case when json_valid(j) then json_exists(j, p) else false end
json_array_length
  (j) case when json_valid(j) and json_type(j) = 'ARRAY' then cast(json_array_length(j) as BIGINT) end
json_array_contains
  (j, v) case when json_valid(j) then json_contains(j, to_json(v)) end
json_size
  (j, p) case when json_valid(j) then cast(case json_type(j, p)
    when 'OBJECT' then len(json_keys(j, p))
    when 'ARRAY' then json_array_length(j, p)
    else 0 end as BIGINT) end
json_format
  (j) cast(j as VARCHAR)
is_json_scalar
  (j) json_type(j) not in ('OBJECT', 'ARRAY')
"""
