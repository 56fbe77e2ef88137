"""CloudWatch's filter patterns of unstructured events: terms that must, may or must not occur."""

from __future__ import annotations

import re
from collections.abc import Callable

from localaws.errors import AwsError

TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')


def message_filter(pattern: str) -> Callable[[str], bool]:
    """Whether a message passes a pattern: all plain terms in it, one of the ``?``, none of the ``-`` terms.

    Raises:
        AwsError: NotImplemented for JSON, column and regular expression patterns.
    """
    text = pattern.strip()
    if text[:1] in ("{", "[") or re.search(r"(^|\s)%", text):
        message = f"localaws does not implement logs filter patterns of this form: {text[:100]}"
        raise AwsError("NotImplemented", message, 501)
    needed: list[str] = []
    either: list[str] = []
    unwanted: list[str] = []
    for sign, quoted, plain in TERM.findall(text):
        term = re.sub(r"\\(.)", r"\1", quoted) or plain
        {"?": either, "-": unwanted, "": needed}[sign].append(term)

    def passes(message: str) -> bool:
        return (
            all(term in message for term in needed)
            and (not either or any(term in message for term in either))
            and not any(term in message for term in unwanted)
        )

    return passes
