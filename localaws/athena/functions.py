"""Trino's functions: how each is run here, and which are not.

A name is in one table: ``PARSED`` (sqlglot's own translation is right), ``SAME`` (DuckDB has it under the
same name, meaning the same), ``RENAMED``, ``MACROS`` (see :mod:`localaws.athena.macros`), ``REWRITTEN`` (see
:mod:`localaws.athena.calls`), ``NATIVE`` (see :mod:`localaws.athena.natives`), ``REFUSED`` (Athena has it,
this has not). What is in none is unknown.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARSED = _names(
    """
    abs approx_percentile array_agg avg bitwise_and bitwise_not bitwise_or bitwise_xor ceil ceiling
    coalesce concat count date_format date_parse dense_rank element_at first_value floor greatest if
    lag last_value lead least length listagg lower lpad ltrim map max min mod now nth_value nullif
    pow power rank replace round row row_number rpad rtrim strpos substr substring sum trim upper
    """
)

SAME = _names(
    """
    acos any_value asin atan atan2 bool_and bool_or chr corr cos cosh count_if covar_pop covar_samp
    cume_dist current_date day degrees exp flatten from_base64 geometric_mean grouping histogram
    hour kurtosis ln log log10 log2 map_entries map_from_entries map_keys map_values minute month
    ntile percent_rank pi quarter radians regr_intercept regr_slope second sin sinh skewness sqrt
    starts_with stddev stddev_pop stddev_samp tan tanh to_base64 translate try url_decode url_encode
    uuid var_pop var_samp variance year
    """
)

RENAMED = {
    "approx_distinct": "approx_count_distinct",
    "arbitrary": "any_value",
    "bitwise_and_agg": "bit_and",
    "bitwise_or_agg": "bit_or",
    "day_of_month": "day",
    "day_of_week": "isodow",
    "day_of_year": "dayofyear",
    "dow": "isodow",
    "doy": "dayofyear",
    "every": "bool_and",
    "filter": "list_filter",
    "from_hex": "unhex",
    "from_utf8": "decode",
    "is_finite": "isfinite",
    "is_infinite": "isinf",
    "is_nan": "isnan",
    "json_parse": "json",
    "levenshtein_distance": "levenshtein",
    "max_by": "arg_max_null",
    "min_by": "arg_min_null",
    "rand": "trino_random",
    "random": "trino_random",
    "regexp_like": "regexp_matches",
    "to_hex": "hex",
    "to_utf8": "encode",
    "transform": "list_transform",
    "week": "weekofyear",
    "week_of_year": "weekofyear",
    "year_of_week": "isoyear",
    "yow": "isoyear",
}

MACROS = _names(
    """
    array_distinct array_except array_frequency array_intersect array_join array_max array_min
    array_position array_remove array_sort array_union arrays_overlap at_timezone bit_count
    bitwise_left_shift bitwise_right_shift bitwise_right_shift_arithmetic cardinality cbrt codepoint
    contains cosine_distance date_add date_diff date_trunc e from_base from_iso8601_date
    from_iso8601_timestamp from_unixtime from_unixtime_nanos hamming_distance human_readable_seconds
    infinity is_json_scalar json_array_contains json_array_length json_extract json_extract_scalar
    json_format json_size last_day_of_month map_concat md5 millisecond nan ngrams
    regexp_count regexp_extract regexp_extract_all regexp_split repeat reverse sequence sha1 sha256
    sign slice split split_part split_to_map to_base to_iso8601 to_milliseconds to_unixtime truncate typeof
    url_extract_fragment url_extract_host url_extract_parameter url_extract_path url_extract_port
    url_extract_protocol url_extract_query width_bucket with_timezone zip
    """
)

NATIVE = _names(
    """
    crc32 hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512 luhn_check sha512 soundex xxhash64
    """
)

REWRITTEN = _names(
    """
    all_match any_match approx_most_frequent concat_ws date format format_datetime json_array
    json_exists map_agg map_filter map_union multimap_agg none_match parse_datetime reduce
    regexp_replace set_agg set_union transform_keys transform_values zip_with
    """
)

REFUSED = _names(
    """
    approx_set array_split bar beta_cdf bing_tile char2hexint checksum classify color combinations
    contains_sequence cosine_similarity empty_approx_set entropy evaluate_classifier_predictions
    features from_big_endian_32 from_big_endian_64 from_geojson_geometry from_ieee754_32
    from_ieee754_64 geometry_union great_circle_distance hash_counts hyperloglog
    intersection_cardinality inverse_beta_cdf inverse_normal_cdf jaccard_index json_array_get
    learn_classifier learn_regressor line_locate_point make_set_digest map_zip_with merge
    merge_set_digest multimap_from_entries murmur3 normal_cdf numeric_histogram parse_data_size
    parse_duration parse_presto_data_size qdigest_agg quantile_at_value reduce_agg regexp_position
    regress render rgb shuffle simplify_geometry spooky_hash_v2_32 spooky_hash_v2_64 st_area
    st_contains st_distance st_geometryfromtext st_intersects st_point st_within st_x st_y
    tdigest_agg timezone_hour timezone_minute to_big_endian_32 to_big_endian_64 to_ieee754_32
    to_ieee754_64 value_at_quantile values_at_quantiles wilson_interval_lower wilson_interval_upper
    word_stem
    """
)

# What a function gives, where a comparison with another type would be refused by Athena. DuckDB's words.
RETURNS = {
    **dict.fromkeys(
        _names(
            """
            array_join chr concat_ws date_format format format_datetime from_utf8
            json_extract_scalar json_format lower lpad normalize regexp_extract regexp_replace
            replace rpad split_part substr to_base64 to_hex to_iso8601 translate trim typeof upper
            url_decode url_encode url_extract_host url_extract_parameter url_extract_path
            url_extract_query
            """
        ),
        "VARCHAR",
    ),
    **dict.fromkeys(
        _names(
            """
            approx_distinct cardinality codepoint count_if date_diff day day_of_month day_of_week
            day_of_year dow doy hour json_array_length length levenshtein_distance millisecond
            minute month quarter second strpos week week_of_year width_bucket year year_of_week yow
            """
        ),
        "BIGINT",
    ),
    **dict.fromkeys(
        _names(
            """
            cbrt cos degrees exp infinity ln log log10 log2 nan radians sin sqrt to_unixtime
            """
        ),
        "DOUBLE",
    ),
    **dict.fromkeys(
        _names(
            """
            all_match any_match contains is_nan none_match regexp_like starts_with
            """
        ),
        "BOOLEAN",
    ),
    **dict.fromkeys(
        _names(
            """
            date from_iso8601_date last_day_of_month
            """
        ),
        "DATE",
    ),
    **dict.fromkeys(
        _names(
            """
            date_parse
            """
        ),
        "TIMESTAMP",
    ),
    **dict.fromkeys(
        _names(
            """
            from_iso8601_timestamp from_unixtime parse_datetime
            """
        ),
        "TIMESTAMPTZ",
    ),
}

# What gives an array, where its type cannot be told.
ARRAYS = _names(
    """
    array_agg array_distinct array_except array_intersect array_remove array_sort array_union filter
    list list_filter list_transform
    flatten map_entries map_keys map_values ngrams regexp_extract_all regexp_split repeat sequence
    set_agg set_union slice split transform zip zip_with
    """
)

RUN = NATIVE | PARSED | SAME | RENAMED.keys() | MACROS | REWRITTEN
