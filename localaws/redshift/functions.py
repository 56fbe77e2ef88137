"""Redshift's functions in DuckDB's terms, and the list of those that mean the same."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from localaws.redshift.dialect import function_name
from localaws.redshift.failures import StatementFailed, refused

NAMES = """
abs and any_value approxdistinct ascii avg bit_and bit_or bool_and bool_or btrim case cast cbrt ceil ceiling
char_length character_length charindex chr coalesce concat convert convert_timezone cos cot count cume_dist
current_database current_schema currentdate currentschema currenttimestamp date_add date_diff date_part
date_trunc dateadd datediff decodecase degrees dense_rank dexp dlog1 dlog10 exists exp extract first_value
floor getdate greatest if initcap is_valid_json json_extract_path_text lag last_day last_value lcase lead
least left len length listagg ln log lower lpad ltrim max md5 median min mod nth_value ntile nullif nvl nvl2
octet_length or percent_rank percentile_cont percentile_disc pi position pow power radians random rank
regexp_count regexp_replace regexp_substr regexpilike regexplike repeat replace replicate reverse right
round row_number rpad rtrim sha2 sha256 sign similarto sin split_part sqrt stddev stddev_pop stddev_samp
strpos strposition substr substring sum sysdate tan textlen to_char to_date to_timestamp translate trim
trunc ucase upper var_pop var_samp variance xor
"""
SERVED = frozenset(NAMES.split())
ZONES = re.compile(r"UTC|GMT|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+")
CHAR_WORDS = ("YYYY", "YY", "MM", "DD", "HH24", "HH12", "MI", "SS", "US")
MD_BITS = 256
TIMESTAMP = "TIMESTAMP"


def check(tree: exp.Expression) -> None:
    """See that a statement calls nothing but what is served.

    Raises:
        StatementFailed: It names a function Redshift has not, or localaws does not run.
    """
    for node in tree.find_all(exp.Func):
        name = function_name(node)
        if name not in SERVED:
            message = f"function {name} does not exist, or is none that localaws runs"
            raise StatementFailed(message)
        if isinstance(node, exp.Anonymous) and name not in ANONYMOUS:
            raise refused(f"the function {name} with {len(node.expressions)} arguments")
    for node in tree.find_all(exp.Bracket, exp.Pivot, exp.Unnest, exp.Lateral):
        raise refused(f"{node.key} ({node.sql('redshift')[:60]})")


def rewritten(tree: exp.Expression) -> exp.Expression:
    """The tree with the functions whose meaning differs in DuckDB replaced."""

    def change(node: exp.Expression) -> exp.Expression:
        for kind, make in REPLACED.items():
            if isinstance(node, kind):
                return make(node)
        return node

    return tree.transform(change)


def _concat(node: exp.Concat) -> exp.Expression:
    parts = [exp.cast(part, "VARCHAR") for part in node.expressions]
    result = parts[0]
    for part in parts[1:]:
        result = exp.DPipe(this=result, expression=part)
    return exp.Paren(this=result)


def _now(node: exp.CurrentTimestamp) -> exp.Expression:
    now = exp.cast(exp.Anonymous(this="now"), TIMESTAMP)
    if function_name(node) == "getdate":  # whole seconds; sysdate has microseconds
        return exp.Anonymous(this="date_trunc", expressions=[exp.Literal.string("second"), now])
    return now


def _truncated(node: exp.TimestampTrunc | exp.DateTrunc) -> exp.Expression:
    unit = node.args["unit"]
    text = exp.Literal.string(str(unit.name).lower())
    return exp.Anonymous(this="date_trunc", expressions=[text, exp.cast(node.this, TIMESTAMP)])


def _listed(node: exp.GroupConcat) -> exp.Expression:
    for distinct in node.find_all(exp.Distinct):
        if len(distinct.expressions) > 1:  # the parser takes the separator for another value
            node.set("separator", distinct.expressions[1])
            distinct.set("expressions", distinct.expressions[:1])
    if node.args.get("separator") is None:
        node.set("separator", exp.Literal.string(""))
    return node


def _to_char(node: exp.TimeToStr) -> exp.Expression:
    _check_format(node.args["format"], "to_char")
    return exp.TimeToStr(this=exp.cast(node.this, TIMESTAMP), format=node.args["format"])


def _to_time(node: exp.StrToTime | exp.TsOrDsToDate | exp.StrToDate) -> exp.Expression:
    if node.args.get("format") is not None:
        _check_format(node.args["format"], function_name(node))
    return node


def _check_format(given: exp.Expression, name: str) -> None:
    """See that a format was understood whole: what is left of it has no letters but behind percent signs."""
    if not given.is_string:
        raise refused(f"{name} with a format that is no literal")
    if re.search(r"(?<!%)(?<!%-)[A-Za-z]", given.name):
        raise refused(f"{name} with the format {given.name!r}; it runs {', '.join(CHAR_WORDS)}")


def _zone(node: exp.ConvertTimezone) -> exp.Expression:
    for key in ("source_tz", "target_tz"):
        zone = node.args.get(key)
        if zone is not None and not (zone.is_string and ZONES.fullmatch(zone.name)):
            raise refused(f"convert_timezone with {zone.sql('redshift')}; name a zone as Europe/Berlin")
    return node


def _replaced(node: exp.RegexpReplace) -> exp.Expression:
    if node.args.get("position") or node.args.get("occurrence") or node.args.get("modifiers"):
        raise refused("regexp_replace with a position or options")
    arguments = [node.this, node.expression, node.args.get("replacement") or exp.Literal.string("")]
    return exp.Anonymous(this="regexp_replace", expressions=[*arguments, exp.Literal.string("g")])


def _matched(node: exp.RegexpExtract) -> exp.Expression:
    if any(node.args.get(key) for key in ("position", "occurrence", "parameters")):
        raise refused("regexp_substr with a position, an occurrence or options")
    return exp.Anonymous(this="regexp_extract", expressions=[node.this, node.expression])


def _counted(node: exp.RegexpCount) -> exp.Expression:
    found = exp.Anonymous(this="regexp_extract_all", expressions=[node.this, node.expression])
    return exp.Anonymous(this="len", expressions=[found])


def _extracted(node: exp.Extract) -> exp.Expression:
    kind = "BIGINT" if node.name.lower() == "epoch" else "INTEGER"
    inner = exp.Extract(this=node.this, expression=exp.cast(node.expression, TIMESTAMP))
    return exp.cast(inner, kind)


def _like(node: exp.Like | exp.ILike) -> exp.Expression:
    """A backslash escapes in a Redshift pattern, asked for or not."""
    if isinstance(node.parent, exp.Escape) or "\\" not in node.expression.name:
        return node
    return exp.Escape(this=node.copy(), expression=exp.Literal.string("\\"))


def _hashed(node: exp.SHA2) -> exp.Expression:
    length = node.args.get("length")
    if length is not None and length.name not in ("0", str(MD_BITS)):
        raise refused(f"sha2 of {length.name} bits")
    return node


def _padded(node: exp.Pad) -> exp.Expression:
    if node.args.get("fill_pattern") is None:
        node.set("fill_pattern", exp.Literal.string(" "))
    return node


def _by_name(node: exp.Anonymous) -> exp.Expression:
    return ANONYMOUS.get(node.name.lower(), lambda call: call)(node)


def _renamed(name: str) -> Callable[[exp.Anonymous], exp.Expression]:
    return lambda call: exp.Anonymous(this=name, expressions=call.expressions)


ANONYMOUS: dict[str, Callable[[exp.Anonymous], exp.Expression]] = {
    "lcase": _renamed("lower"),
    "ucase": _renamed("upper"),
    "textlen": _renamed("length"),
    "btrim": _renamed("trim"),
    "replicate": _renamed("repeat"),
    "dexp": _renamed("exp"),
    "dlog1": _renamed("ln"),
    "dlog10": _renamed("log10"),
    "is_valid_json": _renamed("json_valid"),
    **{
        name: _renamed(name)
        for name in (
            "cbrt",
            "percent_rank",
            "cume_dist",
            "regexp_count",
            "current_schema",
            "current_database",
        )
    },
}
REPLACED: dict[type[exp.Expression], Callable[..., exp.Expression]] = {
    exp.Concat: _concat,
    exp.CurrentTimestamp: _now,
    exp.TimestampTrunc: _truncated,
    exp.DateTrunc: _truncated,
    exp.GroupConcat: _listed,
    exp.TimeToStr: _to_char,
    exp.StrToTime: _to_time,
    exp.TsOrDsToDate: _to_time,
    exp.StrToDate: _to_time,
    exp.ConvertTimezone: _zone,
    exp.RegexpReplace: _replaced,
    exp.RegexpExtract: _matched,
    exp.RegexpCount: _counted,
    exp.Extract: _extracted,
    exp.Like: _like,
    exp.ILike: _like,
    exp.SHA2: _hashed,
    exp.Pad: _padded,
    exp.Anonymous: _by_name,
}
