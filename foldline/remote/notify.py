"""Sends a notice: to an SNS topic, to a Slack webhook.

A lost answer may make a message arrive twice, as SNS itself may; a message is never given up for one.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from foldline.errors import ConfigError, EnvironmentFault
from foldline.notices import Notice
from foldline.remote.calls import Backoff, Clock, call

ANSWER_SECONDS = 10.0
BUSY = (429, 500, 502, 503, 504)


def publish(client: Any, clock: Clock, topic: str, notice: Notice) -> str:
    """The id of the message that was published to an SNS topic.

    Args:
        client: boto3 client of SNS in the topic's region.
        clock: Time; its patience bounds the tries.
        topic: ARN of the topic.
        notice: What to say.
    """
    answer = call(
        client.publish,
        clock,
        TopicArn=topic,
        Subject=notice.subject,
        Message=notice.text,
        MessageAttributes=notice.attributes,
    )
    return str(answer["MessageId"])


def post(webhook: str, clock: Clock, notice: Notice) -> None:
    """Post a notice to a Slack webhook.

    Raises:
        EnvironmentFault: Slack did not take it within the clock's patience; the message names no secret.
    """
    body = json.dumps(notice.slack).encode()
    deadline, backoff, tries = clock.monotonic() + clock.patience, Backoff(0.5, 5.0), 0
    while True:
        request = urllib.request.Request(  # noqa: S310  # `webhook_url` lets https and loopback through only
            webhook, data=body, headers={"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS):  # noqa: S310  # as above
                return
        except urllib.error.HTTPError as error:
            passing, cause = (
                error.code in BUSY,
                f"HTTP {error.code}: {error.read(200).decode(errors='replace')}",
            )
        except OSError as error:
            passing, cause = True, str(error)
        wait = backoff.seconds(tries)
        if not passing or clock.monotonic() + wait > deadline:
            raise EnvironmentFault(
                "Slack did not take a message",
                where=str(urlsplit(webhook).hostname),
                cause=cause,
                mend="look at the connection's webhook: does it still exist, and its channel?",
            )
        clock.sleep(wait)
        tries += 1


def webhook_url(host: str | None, schema: str | None, secret: str | None) -> str:
    """The webhook's URL in the members of an Airflow connection of type ``slackwebhook``.

    Args:
        host: Host and path; ``hooks.slack.com/services`` when left out.
        schema: ``https`` when left out.
        secret: What follows, such as ``T…/B…/…``, or the whole URL: the connection's password.

    Raises:
        ConfigError: There is no secret, or it would travel in the clear.
    """
    if not secret:
        raise ConfigError(
            "the Slack connection has no webhook", mend="write it into the connection's password"
        )
    base = (host or "hooks.slack.com/services").rstrip("/")
    base = base if "://" in base else f"{schema or 'https'}://{base}"
    url = secret if "://" in secret else f"{base}/{secret.lstrip('/')}"
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigError(
            "the Slack webhook is not https", where=str(parts.hostname), mend="use the https:// address"
        )
    return url
