"""Records online: which version is the newest, what is refused, how they end."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

ONLINE = {"OnlineStoreConfig": {"EnableOnlineStore": True}, "OfflineStoreConfig": None, "RoleArn": None}
EARLY, LATE, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00.250Z", "2026-01-03T00:00:00Z"


def refused(call, *arguments, **members) -> tuple[str, str]:
    """The code and the text of a refusal."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_record_is_read_as_it_was_written(store, group, identifier):
    """Values come back as their texts, in the order of the definitions; features without one are not there."""
    store.put(group, {"Note": "a b/c", "Amount": "1.50", "When": EARLY, "Id": identifier})

    assert ["Id", "When", "Amount", "Note"] == list(store.get(group, identifier))
    assert {"Id": identifier, "When": EARLY, "Amount": "1.50", "Note": "a b/c"} == store.get(
        group, identifier
    )
    assert {"Amount": "1.50"} == store.get(group, identifier, FeatureNames=["Amount"])
    assert {} == store.get(group, "0")


def test_the_arn_names_the_group_as_well(store, group, identifier):
    """A group's ARN stands for its name in the path."""
    store.put({"FeatureGroupName": group["FeatureGroupArn"]}, {"Id": identifier, "When": EARLY})

    assert EARLY == store.get({"FeatureGroupName": group["FeatureGroupArn"]}, identifier)["When"]


@pytest.mark.parametrize(("second", "kept"), [(LATE, "2"), (EARLY, "1"), ("2025-12-31T23:59:59.999Z", "1")])
def test_only_a_later_event_time_replaces_the_record(store, group, identifier, second, kept):
    """An older record does not overwrite a newer one, nor does one of the same time."""
    store.put(group, {"Id": identifier, "When": EARLY, "Amount": 1})
    store.put(group, {"Id": identifier, "When": second, "Amount": 2})

    assert kept == store.get(group, identifier)["Amount"]


def test_writing_replaces_the_whole_record(store, group, identifier):
    """A feature that the newer record does not give is gone."""
    store.put(group, {"Id": identifier, "When": EARLY, "Amount": 1, "Note": "first"})
    store.put(group, {"Id": identifier, "When": LATE, "Amount": 2})

    assert {"Id": identifier, "When": LATE, "Amount": "2"} == store.get(group, identifier)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"Id": "1", "When": EARLY, "Colour": "red"}, "[Colour]"),
        ({"When": EARLY}, "[Id]"),
        ({"Id": "1"}, "[When]"),
        ({"Id": "one", "When": EARLY}, "[Integral]"),
        ({"Id": "1.0", "When": EARLY}, "[Integral]"),
        ({"Id": str(1 << 63), "When": EARLY}, "[Integral]"),
        ({"Id": "1", "When": EARLY, "Amount": "much"}, "[Fractional]"),
        ({"Id": "1", "When": EARLY, "Amount": "nan"}, "[Fractional]"),
        ({"Id": "1", "When": "2026-01-01"}, "[When]"),
        ({"Id": "1", "When": "2026-02-30T00:00:00Z"}, "[When]"),
        ({"Id": "1", "When": "2026-01-01T00:00:00+01:00"}, "[When]"),
        ({"Id": "1", "When": "1767225600"}, "[When]"),
    ],
)
def test_a_wrong_record_is_refused_whole(store, group, values, named):
    """Unknown features, missing keys, values not of their type and times in no known form name what is wrong."""
    code, message = refused(store.put, group, values)

    assert ("ValidationError", True) == (code, named in message)
    assert {} == store.get(group, "1")


def test_a_feature_is_given_once(store, group):
    """Two values of one feature are refused, and so is a list for a feature that is no collection."""
    twice = [{"FeatureName": "Id", "ValueAsString": "1"}] * 2
    listed = [{"FeatureName": "Id", "ValueAsStringList": ["1"]}]

    for record in (twice, listed):
        name = group["FeatureGroupName"]
        assert "ValidationError" == refused(store.runtime.put_record, FeatureGroupName=name, Record=record)[0]


def test_a_group_that_is_not_there(store):
    """Writes to it are wrong, reads of it find nothing, both in AWS's sentence."""
    nowhere = {"FeatureGroupName": "nowhere"}
    sentence = "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name nowhere"

    assert ("ValidationError", sentence) == refused(store.put, nowhere, {"Id": 1, "When": EARLY})
    assert ("ResourceNotFound", sentence) == refused(store.get, nowhere, 1)


def test_features_asked_for_must_exist(store, group, identifier):
    """A feature name that the group does not have is refused."""
    assert "ValidationError" == refused(store.get, group, identifier, FeatureNames=["Colour"])[0]


class TestDeletion:
    """DeleteRecord."""

    def test_a_soft_deletion_leaves_a_mark(self, store, group, identifier):
        """A deleted record is not found; an older one does not bring it back, a later one does."""
        store.put(group, {"Id": identifier, "When": EARLY})
        store.delete(group, identifier, LATE)
        store.put(group, {"Id": identifier, "When": "2026-01-01T12:00:00Z"})
        assert {} == store.get(group, identifier)

        store.put(group, {"Id": identifier, "When": LATER})
        assert LATER == store.get(group, identifier)["When"]

    def test_a_hard_deletion_forgets(self, store, group, identifier):
        """After a hard deletion a record of any time is new."""
        store.put(group, {"Id": identifier, "When": LATE})
        store.delete(group, identifier, LATER, DeletionMode="HardDelete")
        assert {} == store.get(group, identifier)

        store.put(group, {"Id": identifier, "When": EARLY})
        assert EARLY == store.get(group, identifier)["When"]

    def test_a_deletion_before_the_record(self, store, group, identifier):
        """A soft one does nothing online; a hard one is refused."""
        store.put(group, {"Id": identifier, "When": LATE})
        store.delete(group, identifier, EARLY)
        code, message = refused(store.delete, group, identifier, LATE, DeletionMode="HardDelete")

        assert ("ValidationError", True) == (code, "EventTime" in message)
        assert LATE == store.get(group, identifier)["When"]


class TestTimeToLive:
    """TtlDuration and ExpiresAt."""

    def test_a_record_lives_as_long_as_it_was_given(self, store, group, identifier):
        """It expires so long after its event time, which is told when asked for."""
        store.put(
            group,
            {"Id": identifier, "When": "2026-01-02T00:00:00Z"},
            TtlDuration={"Unit": "Weeks", "Value": 9999},
        )
        name = group["FeatureGroupName"]
        asked = {"FeatureGroupName": name, "RecordIdentifierValueAsString": identifier}
        told = store.runtime.get_record(**asked, ExpirationTimeResponse="Enabled")

        assert "2217-08-22T00:00:00Z" == told["ExpiresAt"]
        assert "ExpiresAt" not in store.runtime.get_record(**asked)

    def test_an_expired_record_is_gone(self, store, group, identifier):
        """It is not found, and an older record takes its place."""
        store.put(group, {"Id": identifier, "When": LATE}, TtlDuration={"Unit": "Hours", "Value": 1})
        assert {} == store.get(group, identifier)

        store.put(group, {"Id": identifier, "When": EARLY})
        assert EARLY == store.get(group, identifier)["When"]

    def test_a_group_has_a_time_to_live_for_records_without(self, store):
        """The group's applies unless the record has its own; an update changes it for records to come."""
        online = {"EnableOnlineStore": True, "TtlDuration": {"Unit": "Days", "Value": 1}}
        group = store.create(**{**ONLINE, "OnlineStoreConfig": online})
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for number, (when, more) in enumerate(
            [(now, {}), (LATE, {}), (LATE, {"TtlDuration": {"Unit": "Weeks", "Value": 9999}})]
        ):
            store.put(group, {"Id": number, "When": when}, **more)
        assert [True, False, True] == [bool(store.get(group, number)) for number in range(3)]

        store.sagemaker.update_feature_group(
            FeatureGroupName=group["FeatureGroupName"], OnlineStoreConfig={"TtlDuration": {}}
        )
        store.put(group, {"Id": 3, "When": LATE})
        assert LATE == store.get(group, 3)["When"]


class TestTargetStores:
    """Which of a group's stores a request means."""

    def test_offline_only(self, store, group, identifier):
        """A record for the offline store alone is not found online."""
        store.put(group, {"Id": identifier, "When": EARLY}, TargetStores=["OfflineStore"])

        assert {} == store.get(group, identifier)

    def test_a_store_that_is_not_there(self, store):
        """A store the group does not have is refused, and so are reads where nothing is online."""
        online = store.create(**ONLINE)
        offline = store.create(OnlineStoreConfig=None)
        record = {"Id": 1, "When": EARLY}

        assert "ValidationError" == refused(store.put, online, record, TargetStores=["OfflineStore"])[0]
        assert "ValidationError" == refused(store.put, offline, record, TargetStores=["OnlineStore"])[0]
        assert "ValidationError" == refused(store.get, offline, 1)[0]


class TestBatches:
    """BatchGetRecord and BatchWriteRecord."""

    def test_a_batch_reads_what_is_there(self, store, group, identifier):
        """Records that are not there are left out; a group that is not there is an error of each of its records."""
        store.put(group, {"Id": identifier, "When": EARLY, "Amount": 3})
        name = group["FeatureGroupName"]
        answer = store.runtime.batch_get_record(
            Identifiers=[
                {
                    "FeatureGroupName": name,
                    "RecordIdentifiersValueAsString": [identifier, "0"],
                    "FeatureNames": ["Amount"],
                },
                {"FeatureGroupName": "nowhere", "RecordIdentifiersValueAsString": ["7"]},
            ]
        )

        record = [{"FeatureName": "Amount", "ValueAsString": "3"}]
        assert [
            {"FeatureGroupName": name, "RecordIdentifierValueAsString": identifier, "Record": record}
        ] == answer["Records"]
        [error] = answer["Errors"]
        assert ("nowhere", "7", "ResourceNotFound") == (
            error["FeatureGroupName"],
            error["RecordIdentifierValueAsString"],
            error["ErrorCode"],
        )
        assert [] == answer["UnprocessedIdentifiers"]

    def test_a_batch_writes_what_is_right(self, store, group, identifier):
        """A wrong entry is told with its error; the others are written."""

        def entry(number: str) -> dict:
            values = {"Id": number, "When": EARLY}
            record = [{"FeatureName": key, "ValueAsString": value} for key, value in values.items()]
            return {"FeatureGroupName": group["FeatureGroupName"], "Record": record}

        answer = store.runtime.batch_write_record(Entries=[entry("x"), entry(identifier)])

        [error] = answer["Errors"]
        assert (entry("x"), "ValidationError") == (error["Entry"], error["ErrorCode"])
        assert EARLY == store.get(group, identifier)["When"]


@pytest.fixture(scope="module")
def second(store):
    """A group of storage type Standard_V2."""
    return store.create(OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": "Standard_V2"})


class TestUpdates:
    """UpdateRecord, of Standard_V2 online stores."""

    def update(self, store, group, identifier, values, **more):
        """Change some features."""
        store.runtime.update_record(
            FeatureGroupName=group["FeatureGroupName"],
            RecordIdentifierValueAsString=identifier,
            Features=[{"FeatureName": name, "ValueAsString": value} for name, value in values.items()],
            **more,
        )

    def test_the_other_features_stay(self, store, second, identifier):
        """Only what is given changes, with or without a later event time."""
        store.put(second, {"Id": identifier, "When": EARLY, "Amount": 1, "Note": "kept"})
        self.update(store, second, identifier, {"Amount": "2"})
        self.update(store, second, identifier, {"Amount": "3", "When": LATE})

        expected = {"Id": identifier, "When": LATE, "Amount": "3", "Note": "kept"}
        assert expected == store.get(second, identifier)

    def test_what_is_refused(self, store, second, group, identifier):
        """A missing or deleted record, an older event time, another identifier, and another storage type are."""
        change = {"Amount": "2"}
        assert "ResourceNotFound" == refused(self.update, store, second, identifier, change)[0]
        store.put(second, {"Id": identifier, "When": LATE})
        older, other = {"When": EARLY}, {"Id": "1"}

        assert "ConflictException" == refused(self.update, store, second, identifier, older)[0]
        assert "ValidationError" == refused(self.update, store, second, identifier, other)[0]
        ttl = {"TtlDuration": {"Unit": "Days", "Value": 1}}
        assert "ValidationError" == refused(self.update, store, second, identifier, change, **ttl)[0]
        assert "ValidationError" == refused(self.update, store, group, identifier, change)[0]


def test_identifiers_are_listed_page_by_page(store):
    """Each page begins where the last ended; records softly deleted are there when asked for."""
    group = store.create(**ONLINE)
    for number in range(5):
        store.put(group, {"Id": number, "When": EARLY})
    store.delete(group, 3, LATE)

    def listed(**more) -> list[str]:
        found, token = [], {}
        while True:
            page = store.runtime.list_records(
                FeatureGroupName=group["FeatureGroupName"], MaxResults=2, **more, **token
            )
            found += page["RecordIdentifiers"]
            if "NextToken" not in page:
                return found
            token = {"NextToken": page["NextToken"]}

    assert ["0", "1", "2", "4"] == listed()
    assert ["0", "1", "2", "3", "4"] == listed(IncludeSoftDeletedRecords=True)


def test_collections_are_lists_of_values(store):
    """A set has each value once, a vector as many as its dimension, and each value is of the feature's type."""
    members = {"RecordIdentifierFeatureName": "Id", "EventTimeFeatureName": "When"}
    definitions = [
        {"FeatureName": "Id", "FeatureType": "Integral"},
        {"FeatureName": "When", "FeatureType": "Fractional"},
        {"FeatureName": "Seen", "FeatureType": "Integral", "CollectionType": "Set"},
        {
            "FeatureName": "Place",
            "FeatureType": "Fractional",
            "CollectionType": "Vector",
            "CollectionConfig": {"VectorConfig": {"Dimension": 2}},
        },
    ]
    online = {"EnableOnlineStore": True, "StorageType": "InMemory"}
    group = store.create(**members, FeatureDefinitions=definitions, OnlineStoreConfig=online)

    def put(seen: list[str], place: list[str]) -> None:
        store.runtime.put_record(
            FeatureGroupName=group["FeatureGroupName"],
            Record=[
                {"FeatureName": "Id", "ValueAsString": "1"},
                {"FeatureName": "When", "ValueAsString": str(time.time())},
                {"FeatureName": "Seen", "ValueAsStringList": seen},
                {"FeatureName": "Place", "ValueAsStringList": place},
            ],
        )

    put(["3", "1", "3"], ["0.5", "1"])
    assert "ValidationError" == refused(put, ["3"], ["0.5"])[0]
    assert "ValidationError" == refused(put, ["a"], ["0.5", "1"])[0]
    record = store.runtime.get_record(
        FeatureGroupName=group["FeatureGroupName"], RecordIdentifierValueAsString="1"
    )["Record"]
    assert [["3", "1"], ["0.5", "1"]] == [value["ValueAsStringList"] for value in record[2:]]
    sql = "SELECT cardinality(seen), seen[1], place[2] FROM {table}"
    assert [("2", "3", "1.0")] == store.offline(group, 1, sql)
