"""Listings of macros on numbers, texts and times; their form is told in :mod:`localaws.athena.macros`."""

from __future__ import annotations

OPERATORS = """
divide
  (a TINYINT, b TINYINT) a // b
  (a SMALLINT, b SMALLINT) a // b
  (a INTEGER, b INTEGER) a // b
  (a BIGINT, b BIGINT) a // b
  (a HUGEINT, b HUGEINT) a // b
  (a HUGEINT, b BIGINT) a // b
  (a BIGINT, b HUGEINT) a // b
  (a FLOAT, b FLOAT) a / b
  (a DOUBLE, b DOUBLE) a / b
  (a INTERVAL, b DOUBLE) a / b
divide_decimal
  (a, b, s) round(a / (b + case when b = 0 then b // b else 0 end), s)
plus
  (a DATE, b INTERVAL) cast(a + b as DATE)
  (a INTERVAL, b DATE) cast(a + b as DATE)
  (a, b) a + b
minus
  (a DATE, b INTERVAL) cast(a - b as DATE)
  (a DATE, b DATE) to_days(cast(a - b as INTEGER))
  (a, b) a - b
"""

# A cast that DuckDB would grant and Trino would not gets a '#' into its text, so that it fails there too.
CASTS = """
integral
  (a VARCHAR) case when contains(a, '.') or contains(a, 'e') or contains(a, 'E') then a || '#' else a end
  (a BOOLEAN) a
  (a BIGINT) a
  (a HUGEINT) a
  (a DOUBLE) round(a)
instant
  (a VARCHAR) case when contains(a, 'T') or contains(a, 'Z') then a || '#' else a end
  (a DATE) a
  (a TIMESTAMP) a
  (a TIMESTAMPTZ) a
  (a) a
day
  (a VARCHAR) case when contains(a, ':') or contains(a, 'T') then a || '#' else a end
  (a DATE) a
  (a TIMESTAMP) a
  (a TIMESTAMPTZ) a
  (a) a
digits
  (m) rtrim(ltrim(replace(replace(m, '.', ''), '-', ''), '0'), '0')
exponent
  (m, e) e + case
    when ltrim(split_part(m, '.', 1), '-') = '0'
    then -1 - (length(split_part(m, '.', 2)) - length(ltrim(split_part(m, '.', 2), '0')))
    else length(ltrim(split_part(m, '.', 1), '-')) - 1 end
mantissa
  (d) d[1] || '.' || coalesce(nullif(d[2:], ''), '0')
scientific
  (t) case
    when t in ('nan', '-nan') then 'NaN'
    when t = 'inf' then 'Infinity'
    when t = '-inf' then '-Infinity'
    when trino_digits(split_part(t, 'e', 1)) = '' then '0.0E0'
    else case when starts_with(t, '-') then '-' else '' end
      || trino_mantissa(trino_digits(split_part(t, 'e', 1))) || 'E'
      || trino_exponent(split_part(t, 'e', 1), coalesce(try_cast(split_part(t, 'e', 2) as INTEGER), 0)) end
double
  (t, x) case when x = 0 or (abs(x) >= 0.001 and abs(x) < 10000000) then t else trino_scientific(t) end
interval_text
  (a) case when datepart('year', a) <> 0 or datepart('month', a) <> 0
    then datepart('year', a) || '-' || datepart('month', a)
    else printf('%s%d %02d:%02d:%06.3f', case when epoch(a) < 0 then '-' else '' end,
      abs(cast(trunc(epoch(a) / 86400) as BIGINT)), abs(cast(trunc(epoch(a) % 86400 / 3600) as BIGINT)),
      abs(cast(trunc(epoch(a) % 3600 / 60) as BIGINT)), abs(epoch(a) % 60)) end
text
  (a VARCHAR) a
  (a DATE) cast(a as VARCHAR)
  (a TIMESTAMP) strftime(a, '%Y-%m-%d %H:%M:%S.%g')
  (a TIMESTAMPTZ) strftime(a, '%Y-%m-%d %H:%M:%S.%g') || ' UTC'
  (a INTERVAL) trino_interval_text(a)
  (a) case when typeof(a) in ('DOUBLE', 'FLOAT') then trino_scientific(cast(a as VARCHAR))
    else cast(a as VARCHAR) end
"""

TIME = """
interval
  (u, n) case lower(u)
    when 'millisecond' then to_milliseconds(n)
    when 'second' then to_seconds(n)
    when 'minute' then to_minutes(n)
    when 'hour' then to_hours(n)
    when 'day' then to_days(cast(n as INTEGER))
    when 'week' then to_weeks(cast(n as INTEGER))
    when 'month' then to_months(cast(n as INTEGER))
    when 'quarter' then to_quarters(cast(n as INTEGER))
    when 'year' then to_years(cast(n as INTEGER)) end
date_add
  (u, n, t DATE) cast(t + trino_interval(u, n) as DATE)
  (u, n, t TIMESTAMP) t + trino_interval(u, n)
  (u, n, t TIMESTAMPTZ) t + trino_interval(u, n)
date_diff
  (u, a, b) datesub(u, a, b)
date_trunc
  (u, t DATE) cast(date_trunc(u, t) as DATE)
  (u, t TIMESTAMP) date_trunc(u, t)
  (u, t TIMESTAMPTZ) date_trunc(u, t)
from_iso8601_timestamp
  (t VARCHAR) cast(case when contains(t, ' ') then t || '#' else t end as TIMESTAMPTZ)
from_iso8601_date
  (t VARCHAR) cast(case when contains(t, ':') then t || '#' else t end as DATE)
to_iso8601
  (t DATE) cast(t as VARCHAR)
  (t TIMESTAMP) strftime(t, '%Y-%m-%dT%H:%M:%S.%g')
  (t TIMESTAMPTZ) strftime(t, '%Y-%m-%dT%H:%M:%S.%g') || 'Z'
from_unixtime
  (s) to_timestamp(cast(s as DOUBLE))
  (s, z) to_timestamp(cast(s as DOUBLE))
from_unixtime_nanos
  (n) make_timestamptz(n // 1000)
to_unixtime
  (t) epoch(t)
at_timezone
  (t TIMESTAMPTZ, z) timezone(z, t)
  (t TIMESTAMP, z) timezone(z, cast(t as TIMESTAMPTZ))
with_timezone
  (t TIMESTAMP, z) timezone(z, t)
last_day_of_month
  (t DATE) last_day(t)
  (t TIMESTAMP) last_day(t)
  (t TIMESTAMPTZ) last_day(cast(t as TIMESTAMP))
millisecond
  (t) millisecond(t) % 1000
to_milliseconds
  (i) cast(epoch(i) * 1000 as BIGINT)
count_of
  (n, w) case when n = 0 then null when n = 1 then '1 ' || w else n || ' ' || w || 's' end
readable
  (s) case when s = 0 then '0 seconds' else concat_ws(', ',
    trino_count_of(s // 604800, 'week'),
    trino_count_of(s % 604800 // 86400, 'day'),
    trino_count_of(s % 86400 // 3600, 'hour'),
    trino_count_of(s % 3600 // 60, 'minute'),
    trino_count_of(s % 60, 'second')) end
human_readable_seconds
  (s) trino_readable(cast(round(s) as BIGINT))
"""

TEXT = r"""
regexp_extract
  (s, p) case when regexp_matches(s, p) then regexp_extract(s, p) end
  (s, p, g) case when regexp_matches(s, p) then regexp_extract(s, p, g) end
regexp_extract_all
  (s, p) regexp_extract_all(s, p)
  (s, p, g) regexp_extract_all(s, p, g)
regexp_replace
  (s, p) regexp_replace(s, p, '', 'g')
  (s, p, r) regexp_replace(s, p, r, 'g')
regexp_count
  (s, p) cast(len(regexp_extract_all(s, p)) as BIGINT)
regexp_split
  (s, p) regexp_split_to_array(s, p)
rest
  (a, n, d) array_to_string(list_slice(a, n, len(a)), d)
split
  (s, d) str_split(s, d)
  (s, d, n) case when len(str_split(s, d)) <= n then str_split(s, d)
    else list_append(list_slice(str_split(s, d), 1, n - 1), trino_rest(str_split(s, d), n, d)) end
split_part
  (s, d, n) case when n <= len(str_split(s, d)) then split_part(s, d, n) end
split_to_map
  (s, e, k) map_from_entries(list_transform(str_split(s, e),
    lambda __e: struct_pack(k := split_part(__e, k, 1), v := split_part(__e, k, 2))))
concat_ws
  (d, a VARCHAR[]) array_to_string(a, d)
  (d, a VARCHAR) coalesce(a, '')
codepoint
  (s) unicode(s)
hamming_distance
  (a, b) cast(hamming(a, b) as BIGINT)
md5
  (b) unhex(md5(b))
sha1
  (b) unhex(sha1(b))
sha256
  (b) unhex(sha256(b))
url_extract_protocol
  (u) nullif(regexp_extract(u, '^([a-zA-Z][a-zA-Z0-9+.-]*):', 1), '')
url_extract_host
  (u) nullif(regexp_extract(u, '^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/:?#]+)', 1), '')
url_extract_port
  (u) try_cast(regexp_extract(u, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/:?#]+:(\d+)', 1) as BIGINT)
url_extract_path
  (u) regexp_extract(u, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*([^?#]*)', 1)
url_extract_query
  (u) regexp_extract(u, '\?([^#]*)', 1)
url_extract_fragment
  (u) regexp_extract(u, '#(.*)', 1)
url_extract_parameter
  (u, n) case when regexp_matches(u, '[?&]' || regexp_escape(n) || '(=|&|#|$)')
    then url_decode(regexp_extract(u, '[?&]' || regexp_escape(n) || '=([^&#]*)', 1)) end
typeof
  (x) case typeof(x)
    when 'FLOAT' then 'real'
    when 'BLOB' then 'varbinary'
    when 'INTEGER[]' then 'array(integer)'
    when 'BIGINT[]' then 'array(bigint)'
    when 'VARCHAR[]' then 'array(varchar)'
    when 'DOUBLE[]' then 'array(double)'
    when 'TIMESTAMP' then 'timestamp(3)'
    when 'TIMESTAMP WITH TIME ZONE' then 'timestamp(3) with time zone'
    when '"NULL"' then 'unknown'
    else lower(typeof(x)) end
"""

NUMBERS = """
sign
  (a DOUBLE) cast(sign(a) as DOUBLE)
  (a BIGINT) cast(sign(a) as BIGINT)
  (a INTEGER) cast(sign(a) as INTEGER)
cbrt
  (x) case when pow(round(cbrt(x)), 3) = x then round(cbrt(x)) else cbrt(x) end
truncate
  (x) trunc(x)
  (x, n) trunc(x, n)
random
  () random()
  (n) cast(floor(random() * n) as BIGINT)
  (a, b) cast(floor(a + random() * (b - a)) as BIGINT)
width_bucket
  (x, lo, hi, n) cast(case when x < lo then 0 when x >= hi then n + 1
    else floor((x - lo) / (hi - lo) * n) + 1 end as BIGINT)
nan
  () cast('nan' as DOUBLE)
infinity
  () cast('inf' as DOUBLE)
e
  () exp(1.0)
bitwise_left_shift
  (x, n) case when n >= 64 then cast(0 as BIGINT) else cast(cast(cast(x as BIGINT) as BIT) << n as BIGINT) end
bitwise_right_shift
  (x, n) case when n >= 64 then cast(0 as BIGINT) else cast(cast(cast(x as BIGINT) as BIT) >> n as BIGINT) end
bitwise_right_shift_arithmetic
  (x, n) cast(x as BIGINT) >> least(n, 63)
bit_count
  (x, bits) cast(case when bits >= 64 then bit_count(cast(x as BIGINT))
    else bit_count(cast(x as BIGINT) & ((cast(1 as BIGINT) << bits) - 1)) end as BIGINT)
digit
  (c) cast(strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1 as BIGINT)
from_base
  (s, radix) list_reduce(list_transform(str_split(lower(s), ''), lambda __e: trino_digit(__e)),
    lambda __s, __e: __s * radix + __e)
to_base
  (x, radix) case when x < 0 then '-' else '' end || lower(to_base(abs(cast(x as BIGINT)), radix))
cosine_distance
  (a, b) 1 - list_cosine_similarity(a, b)
"""
