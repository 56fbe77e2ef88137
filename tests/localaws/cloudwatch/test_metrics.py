"""Metrics are stored, read and listed through boto3, the AWS CLI and the older query protocol."""

from __future__ import annotations

import os
import time
import uuid
from shutil import which
from subprocess import run
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

D1 = [{"Name": "Job", "Value": "1"}]


@pytest.fixture
def watch(client) -> Any:
    """The CloudWatch client."""
    return client("cloudwatch")


@pytest.fixture
def space() -> str:
    """A namespace of a test's own."""
    return f"Test/{uuid.uuid4().hex[:12]}"


def read(watch, space: str, *statistics: str, **members: Any) -> list[dict[str, Any]]:
    """GetMetricStatistics of the metric M for the last minutes, in one period of an hour."""
    now = time.time()
    request = {
        "Namespace": space,
        "MetricName": "M",
        "StartTime": now - 600,
        "EndTime": now + 600,
        "Period": 3600,
        "Statistics": list(statistics),
        **members,
    }
    return watch.get_metric_statistics(**{key: value for key, value in request.items() if value})[
        "Datapoints"
    ]


class TestPutting:
    """PutMetricData."""

    def test_values_counts_and_summaries_add_up(self, watch, space):
        """
        A value, counted values and a summary of one metric give one sum; the unit is kept apart from others.
        """
        at = time.time() // 3600 * 3600 + 1
        watch.put_metric_data(
            Namespace=space,
            MetricData=[
                {"MetricName": "M", "Timestamp": at, "Value": 1.0},
                {"MetricName": "M", "Timestamp": at, "Values": [2.0, 3.0], "Counts": [1.0, 2.0]},
                {
                    "MetricName": "M",
                    "Timestamp": at,
                    "StatisticValues": {"SampleCount": 2, "Sum": 10, "Minimum": 4, "Maximum": 6},
                },
                {"MetricName": "M", "Timestamp": at, "Value": 7.0, "Unit": "Seconds"},
            ],
        )
        found = watch.get_metric_statistics(
            Namespace=space,
            MetricName="M",
            StartTime=at,
            EndTime=at + 1,
            Period=3600,
            Statistics=["Sum", "SampleCount", "Minimum", "Maximum", "Average"],
        )["Datapoints"]
        by_unit = {point["Unit"]: point for point in found}
        assert (19.0, 6.0, 1.0, 6.0) == tuple(
            by_unit["None"][name] for name in ("Sum", "SampleCount", "Minimum", "Maximum")
        )
        assert 7.0 == by_unit["Seconds"]["Average"]

    def test_a_large_request_arrives_compressed(self, watch, space):
        """
        botocore compresses more than 10 kB; percentiles are of all the observations.
        """
        at = time.time()
        watch.put_metric_data(
            Namespace=space,
            MetricData=[
                {"MetricName": "M", "Timestamp": at, "Value": float(value), "Dimensions": D1}
                for value in range(1, 1001)
            ],
        )
        [point] = read(watch, space, Dimensions=D1, ExtendedStatistics=["p99", "p50"])[:1]
        assert {"p99": 990.0, "p50": 500.0} == point["ExtendedStatistics"]

    @pytest.mark.parametrize(
        ("namespace", "datum", "code"),
        [
            ("AWS/SageMaker", {"Value": 1.0}, "InvalidParameterValue"),
            ("X", {}, "MissingParameter"),
            ("X", {"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination"),
            ("X", {"Values": [1.0], "Counts": [1.0, 2.0]}, "InvalidParameterCombination"),
            ("X", {"Value": 1.0, "Timestamp": 1.0}, "InvalidParameterValue"),
            ("X", {"Value": 1e200}, "InvalidParameterValue"),
        ],
    )
    def test_a_datum_must_make_sense(self, watch, namespace, datum, code):
        """
        Reserved namespaces, no value or two, and old timestamps are refused with CloudWatch's codes.
        """
        with pytest.raises(ClientError) as refused:
            watch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "M", **datum}])
        assert code == refused.value.response["Error"]["Code"]


class TestReading:
    """GetMetricData, GetMetricStatistics, ListMetrics."""

    def test_expressions_are_computed_over_periods(self, watch, space):
        """
        An error rate in percent, without the metrics it is made of; pages go on where they ended.
        """
        base = time.time() // 60 * 60 - 300
        data = [
            {"MetricName": name, "Timestamp": base + 60 * minute, "Value": value}
            for minute, (calls, errors) in enumerate([(10.0, 1.0), (20.0, 4.0), (5.0, 0.0)])
            for name, value in (("Calls", calls), ("Errors", errors))
        ]
        watch.put_metric_data(Namespace=space, MetricData=data)
        queries: list[dict[str, Any]] = [
            {
                "Id": key,
                "ReturnData": False,
                "MetricStat": {
                    "Metric": {"Namespace": space, "MetricName": name},
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
            for key, name in (("calls", "Calls"), ("errors", "Errors"))
        ]
        queries.append({"Id": "rate", "Expression": "100 * errors / calls", "Label": "percent"})
        pages = watch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries,
            StartTime=base,
            EndTime=base + 180,
            ScanBy="TimestampAscending",
            MaxDatapoints=2,
        )
        results = [result for page in pages for result in page["MetricDataResults"]]
        assert ["rate", "rate"] == [result["Id"] for result in results]
        assert [10.0, 20.0, 0.0] == [value for result in results for value in result["Values"]]
        assert base == results[0]["Timestamps"][0].timestamp()
        assert ["PartialData", "Complete"] == [result["StatusCode"] for result in results]

    def test_metrics_are_listed_by_dimension(self, watch, space):
        """
        A filter on a dimension's name, or on name and value, narrows the list.
        """
        watch.put_metric_data(
            Namespace=space,
            MetricData=[
                {"MetricName": "M", "Value": 1.0},
                {"MetricName": "M", "Value": 1.0, "Dimensions": D1},
                {"MetricName": "N", "Value": 1.0, "Dimensions": [{"Name": "Job", "Value": "2"}]},
            ],
        )
        assert 3 == len(watch.list_metrics(Namespace=space)["Metrics"])
        by_name = watch.list_metrics(Namespace=space, Dimensions=[{"Name": "Job"}])["Metrics"]
        assert {"M", "N"} == {metric["MetricName"] for metric in by_name}
        [one] = watch.list_metrics(Namespace=space, Dimensions=D1, RecentlyActive="PT3H")["Metrics"]
        assert {"Namespace": space, "MetricName": "M", "Dimensions": D1} == one

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"Period": 7}, "InvalidParameterValue"),
            ({"Statistics": []}, "InvalidParameterCombination"),
            ({"StartTime": 2.0, "EndTime": 1.0}, "InvalidParameterValue"),
            ({"StartTime": 1.0, "EndTime": 1e6, "Period": 60}, "InvalidParameterCombination"),
            ({"ExtendedStatistics": ["tm90"]}, "NotImplemented"),
            ({"ExtendedStatistics": ["median"]}, "InvalidParameterValue"),
        ],
    )
    def test_a_question_must_make_sense(self, watch, space, change, code):
        """
        Odd periods, no statistic, time backwards and too many datapoints are refused with CloudWatch's codes.
        """
        with pytest.raises(ClientError) as refused:
            read(watch, space, *change.pop("Statistics", ["Sum"]), **change)
        assert code == refused.value.response["Error"]["Code"]

    def test_queries_must_make_sense(self, watch):
        """
        Unknown ids, circles and queries of neither kind are ValidationErrors.
        """
        for queries in (
            [{"Id": "a", "Expression": "b"}],
            [{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"}],
            [{"Id": "a"}],
            [{"Id": "A", "Expression": "1"}],
        ):
            with pytest.raises(ClientError) as refused:
                watch.get_metric_data(MetricDataQueries=queries, StartTime=0.0, EndTime=60.0)
            assert "ValidationError" == refused.value.response["Error"]["Code"]


class TestClients:
    """Other ways in than boto3's JSON."""

    def test_the_query_protocol_is_spoken_too(self, endpoint, space):
        """
        A signed form, as older SDKs send, is answered in XML.
        """

        def ask(**form: str) -> str:
            headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
            data = {"Version": "2010-08-01", **form}
            request = AWSRequest("POST", endpoint.url + "/", headers, data)
            SigV4Auth(Credentials("a", "b"), "monitoring", "us-east-1").add_auth(request)
            return URLLib3Session().send(request.prepare()).text

        ask(
            **{
                "Action": "PutMetricData",
                "Namespace": space,
                "MetricData.member.1.MetricName": "M",
                "MetricData.member.1.Value": "2.5",
                "MetricData.member.1.Dimensions.member.1.Name": "Job",
                "MetricData.member.1.Dimensions.member.1.Value": "1",
            }
        )
        assert "<MetricName>M</MetricName>" in ask(Action="ListMetrics", Namespace=space)
        start, end = (
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + shift)) for shift in (-600, 600)
        )
        found = ask(
            **{
                "Action": "GetMetricStatistics",
                "Namespace": space,
                "MetricName": "M",
                "StartTime": start,
                "EndTime": end,
                "Period": "3600",
                "Statistics.member.1": "Sum",
                "Dimensions.member.1.Name": "Job",
                "Dimensions.member.1.Value": "1",
            }
        )
        assert "<Sum>2.5</Sum>" in found
        assert "<Code>InvalidParameterValue</Code>" in ask(
            Action="PutMetricData", Namespace="AWS/X", **{"MetricData.member.1.MetricName": "M"}
        )

    def test_cbor_is_refused_by_name(self, endpoint):
        """
        The third protocol of the service's model answers 501.
        """
        path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
        headers = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
        request = AWSRequest("POST", endpoint.url + path, headers, b"\xbf\xff")
        SigV4Auth(Credentials("a", "b"), "monitoring", "us-east-1").add_auth(request)
        answer = URLLib3Session().send(request.prepare())
        assert 501 == answer.status_code
        assert "rpc-v2-cbor" in answer.text

    def test_the_aws_cli_puts_and_lists(self, endpoint, space):
        """
        The AWS CLI, where it is installed, stores a metric and sees it.
        """
        cli = which("aws")
        if cli is None:
            pytest.skip("the AWS CLI is not installed")
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": endpoint.url,
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        command = [cli, "cloudwatch"]
        put = [*command, "put-metric-data", "--namespace", space, "--metric-name", "M", "--value", "1"]
        run(put, env=environment, check=True)
        listed = run(
            [*command, "list-metrics", "--namespace", space], env=environment, check=True, capture_output=True
        )
        assert b'"MetricName": "M"' in listed.stdout
