"""What changed since the last question: by AWS's own dates, page by page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from foldline.remote.polling.lister import LISTINGS, LOOK_BACK_SECONDS, OVERLAP_SECONDS, PAGE, Lister
from foldline.remote.watched import WATCHED
from tests.unit.foldline.fakes import refusal

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


class Answers:
    """A client that keeps what was asked and gives the answers it was made with, each with AWS's date."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self.answers, self.asked = list(answers), list[dict[str, Any]]()
        self.now = NOON

    def list_training_jobs(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        date = {"HTTPHeaders": {"date": self.now.strftime("%a, %d %b %Y %H:%M:%S GMT")}}
        if request["MaxResults"] == 1:
            return {"TrainingJobSummaries": [], "ResponseMetadata": date}
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"TrainingJobSummaries": [], "ResponseMetadata": date, **answer}


def job(name: str, status: str) -> dict[str, str]:
    return {"TrainingJobName": name, "TrainingJobStatus": status}


def test_only_what_is_over_is_told() -> None:
    """
    A job that goes on is no news; an unknown word is not an end.
    """
    names = {
        "a": "Completed",
        "b": "InProgress",
        "c": "Failed",
        "d": "Deleting",
        "e": "Stopped",
        "f": "Stopping",
    }
    client = Answers({"TrainingJobSummaries": [job(name, status) for name, status in names.items()]})

    assert {"a", "c", "e"} == Lister("training", 2.0).ended(client, 0.0, "training")


def test_each_sweep_asks_from_where_the_last_one_began_with_an_overlap() -> None:
    """
    The first looks back, for what ended while nobody listened.
    """
    client, lister = Answers({}, {}), Lister("training", 2.0)
    lister.look(client, 0.0)
    client.now += dt.timedelta(seconds=100)
    lister.look(client, 2.0)

    first, second = (request["LastModifiedTimeAfter"] for request in client.asked[1:])
    assert NOON - dt.timedelta(seconds=LOOK_BACK_SECONDS) == first
    assert NOON - dt.timedelta(seconds=OVERLAP_SECONDS) == second


def test_a_sweep_of_several_pages_ends_before_the_next_begins() -> None:
    """
    One page a look; the next sweep asks from the date of the first page.
    """
    client, lister = Answers({"NextToken": "2"}, {"NextToken": "3"}, {}, {}), Lister("training", 2.0)
    for look in range(4):
        lister.look(client, 2.0 * look)
        client.now += dt.timedelta(seconds=50)

    assert [None, None, "2", "3", None] == [request.get("NextToken") for request in client.asked]
    assert NOON - dt.timedelta(seconds=OVERLAP_SECONDS) == client.asked[-1]["LastModifiedTimeAfter"]
    assert {PAGE} == {request["MaxResults"] for request in client.asked[1:]}


def test_a_fault_between_two_pages_begins_the_sweep_anew() -> None:
    """
    A page's token may have expired; nothing is skipped.
    """
    client = Answers({"NextToken": "2"}, refusal("ValidationException"), {})
    lister = Lister("training", 2.0)
    lister.look(client, 0.0)
    with pytest.raises(Exception, match="refused"):
        lister.look(client, 2.0)
    lister.look(client, 4.0)

    assert [None, "2", None] == [request.get("NextToken") for request in client.asked[1:]]
    assert client.asked[1]["LastModifiedTimeAfter"] == client.asked[3]["LastModifiedTimeAfter"]


@pytest.mark.parametrize("kind", LISTINGS)
def test_requests_and_answers_are_as_awss_own_model_has_them(kind: str) -> None:
    """
    Method, request members and where name and status stand.
    """
    listing = LISTINGS[kind]
    service = botocore.session.get_session().get_service_model(WATCHED[kind].service)
    title = "".join(word.capitalize() for word in listing.method.split("_"))
    operation = service.operation_model(title)
    request = {
        "SortBy": "CreationTime",
        "SortOrder": "Ascending",
        "MaxResults": PAGE,
        "LastModifiedTimeAfter": NOON,
        "NextToken": "x",
    }

    assert not ParamValidator().validate(request, operation.input_shape).has_errors()
    item = operation.output_shape.members[listing.items].member
    assert {listing.name, listing.status} <= set(item.members)
