"""The journal, and the event times it is ordered by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.sagemaker.featurestore.event_time import iso, microseconds
from localaws.sagemaker.featurestore.record_store import Record, RecordStore

LAST = 253_402_300_799_999  # milliseconds, of the year 9999


def record(number: int) -> Record:
    return Record(str(number), number, {"Id": str(number)})


def test_a_batch_that_was_begun_is_the_next_servers_too(tmp_path):
    """
    What a server began to write is for the next one the same batch: same name, same write time, same entries.
    """
    first = RecordStore(tmp_path / "features.db")
    for number in range(3):
        first.append("group", record(number))
    begun = first.batch("group", 2)
    first.close()
    second = RecordStore(tmp_path / "features.db")
    second.append("group", record(3))
    again = second.batch("group", 100)

    assert begun == again
    assert ["0", "1"] == [entry.values["Id"] for entry in again.entries]
    second.finish("group", again)
    rest = second.batch("group", 100)
    assert ["2", "3"] == [entry.values["Id"] for entry in rest.entries]
    second.finish("group", rest)
    assert (None, []) == (second.batch("group", 100), second.pending())
    second.close()


def test_no_two_entries_were_asked_for_at_one_time(tmp_path):
    """
    Entries of one process have each a later invocation time, so that the last of two is told.
    """
    store = RecordStore(tmp_path / "features.db")
    for number in range(200):
        store.append("group", record(number))
    invoked = [entry.invoked for entry in store.batch("group", 1000).entries]
    store.close()

    assert sorted(set(invoked)) == invoked


def test_groups_are_apart(tmp_path):
    """
    To forget a group touches no other.
    """
    store = RecordStore(tmp_path / "features.db")
    for group in ("one", "two"):
        store.append(group, record(1))
        store.put_online(group, record(1))
    store.forget("one")

    assert ["two"] == store.pending()
    assert (None, record(1)) == (store.online("one", "1"), store.online("two", "1"))
    store.close()


@given(st.integers(0, LAST))
def test_event_times_keep_their_milliseconds(milliseconds):
    """
    A time written as text is read as the same moment.
    """
    assert milliseconds * 1000 == microseconds(iso(milliseconds * 1000), "String")


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "1e15", "253402300800", "soon", ""])
def test_seconds_must_be_a_date(text):
    """
    Seconds before 1970, after the year 9999 (as milliseconds would be) or no number at all are refused.
    """
    with pytest.raises(ValueError, match=r".*"):
        microseconds(text, "Fractional")
