"""What AWS refuses in the documents of bucket settings."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from localaws.errors import AwsError
from localaws.s3.documents import malformed
from localaws.s3.errors import not_implemented

METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
ACTIONS = (
    "Expiration",
    "Transition",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransition",
    "AbortIncompleteMultipartUpload",
)
OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")


def lifecycle(tree: Element) -> None:
    """Rules with an action and a status, each id once."""
    rules = tree.findall("Rule")
    if not 0 < len(rules) <= 1000:
        raise malformed()
    for rule in rules:
        if rule.findtext("Status") not in ("Enabled", "Disabled"):
            raise malformed()
        if not any(rule.find(action) is not None for action in ACTIONS):
            raise AwsError("InvalidRequest", "At least one action needs to be specified in a rule")
        for days in rule.iter("Days"):
            if rule.find("Expiration") is not None and days.text == "0" and rule.find("Transition") is None:
                message = "'Days' for Expiration action must be a positive integer"
                raise AwsError("InvalidArgument", message)
    ids = [name for rule in rules if (name := rule.findtext("ID"))]
    if len(set(ids)) != len(ids):
        raise AwsError("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    if any(len(name) > 255 for name in ids):
        raise AwsError("InvalidArgument", "ID length should not exceed allowed limit of 255")


def encryption(tree: Element) -> None:
    """One rule, of an algorithm that there is."""
    names = [element.text for element in tree.iter("SSEAlgorithm")]
    if len(tree.findall("Rule")) != 1 or any(name not in ALGORITHMS for name in names):
        raise malformed()


def ownership(tree: Element) -> None:
    """One rule, of an ownership that there is."""
    if [element.text for element in tree.iter("ObjectOwnership")][1:] or not tree.findall("Rule"):
        raise malformed()
    if tree.findtext("Rule/ObjectOwnership") not in OWNERSHIPS:
        raise malformed()


def cors(tree: Element) -> None:
    """Rules that name origins and methods."""
    rules = tree.findall("CORSRule")
    if not 0 < len(rules) <= 100:
        raise malformed()
    for rule in rules:
        methods = [element.text for element in rule.findall("AllowedMethod")]
        if not methods or not rule.findall("AllowedOrigin"):
            raise malformed()
        for method in methods:
            if method not in METHODS:
                message = f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                raise AwsError("InvalidRequest", message)


def website(tree: Element) -> None:
    """A page to begin with, or a host to send everybody to."""
    if tree.find("RedirectAllRequestsTo") is None and not tree.findtext("IndexDocument/Suffix"):
        message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
        raise AwsError("InvalidArgument", message, ArgumentName="IndexDocument")


def accelerate(tree: Element) -> None:
    """On or off."""
    if tree.findtext("Status") not in ("Enabled", "Suspended"):
        raise malformed()


def payer(tree: Element) -> None:
    """The owner or the requester."""
    if tree.findtext("Payer") not in ("BucketOwner", "Requester"):
        raise malformed()


def notification(tree: Element) -> None:
    """Nothing to notify: no event is ever sent here, and whoever waits for one should know."""
    for child in tree:
        raise not_implemented(f"PutBucketNotificationConfiguration with {child.tag}")
