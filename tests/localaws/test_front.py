"""The front: routing, refusals, error forms, keep-alive, and the server's own pages."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import urllib.error
import urllib.request
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from localaws.front import Front
from localaws.protocols import JsonProtocol
from localaws.sagemaker.hosting.hosts import Hosts
from localaws.sagemaker.hosting.runtime import Runtime
from localaws.services import service
from localaws.wire import Request
from localaws.world import World


def raw(endpoint, method: str, path: str, body: bytes | None = None, **headers: str):
    """Status, headers and body of a plain HTTP request."""
    request = urllib.request.Request(endpoint.url + path, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class TestRouting:
    def test_unknown_operation(self, client):
        """
        An operation that is not there is refused by its name, in the form its client reads.
        """
        for call, name in [
            (client("logs").describe_queries, "logs.DescribeQueries"),
            (client("iam").list_users, "iam.ListUsers"),
        ]:
            with pytest.raises(ClientError) as caught:
                call()
            response = caught.value.response
            assert ("NotImplemented", 501) == (
                response["Error"]["Code"],
                response["ResponseMetadata"]["HTTPStatusCode"],
            )
            assert f"localaws does not implement {name}" == response["Error"]["Message"]

    def test_target_of_another_service(self, endpoint):
        """
        A target that is not the signed service's is an unknown operation.
        """
        status, _, body = raw(
            endpoint,
            "POST",
            "/",
            b"{}",
            Authorization="AWS4-HMAC-SHA256 Credential=a/20260801/us-east-1/logs/aws4_request",
            **{"X-Amz-Target": "SageMaker.ListModels"},
        )
        assert (400, "UnknownOperationException") == (status, json.loads(body)["__type"])

    def test_body_that_is_no_json(self, endpoint):
        """
        A body that cannot be read is a SerializationException.
        """
        for broken in (b"{", b"[]", b"\xff"):
            status, _, body = raw(
                endpoint,
                "POST",
                "/",
                broken,
                Authorization="AWS4-HMAC-SHA256 Credential=a/20260801/us-east-1/logs/aws4_request",
                **{"X-Amz-Target": "Logs_20140328.DescribeLogGroups"},
            )
            assert (400, "SerializationException") == (status, json.loads(body)["__type"])

    def test_unsigned_is_s3(self, endpoint, client, bucket):
        """
        An unsigned request is one to S3.
        """
        client("s3").put_object(Bucket=bucket, Key="k", Body=b"open")
        assert b"open" == raw(endpoint, "GET", f"/{bucket}/k")[2]

    def test_validation_error_of_a_service(self, client):
        """
        A request that breaks the model is answered with the service's own code.
        """
        with pytest.raises(ClientError) as caught:
            client("logs").create_log_group(logGroupName="bad name")
        assert "InvalidParameterException" == caught.value.response["Error"]["Code"]
        assert "at 'logGroupName' failed to satisfy constraint" in str(caught.value)


class TestIdentity:
    def test_caller(self, client):
        """
        Everybody is the one account's root.
        """
        assert "123456789012" == client("sts").get_caller_identity()["Account"]

    def test_assume_role(self, client, connect, endpoint):
        """
        A role can be assumed; its credentials work.
        """
        found = client("sts").assume_role(
            RoleArn="arn:aws:iam::123456789012:role/path/job", RoleSessionName="unit", DurationSeconds=900
        )
        assert "arn:aws:sts::123456789012:assumed-role/job/unit" == found["AssumedRoleUser"]["Arn"]

    def test_roles(self, client):
        """
        A created role keeps its policies; a role nobody created trusts SageMaker.
        """
        iam = client("iam")
        unknown = iam.get_role(RoleName="never-created")["Role"]
        assert "arn:aws:iam::123456789012:role/never-created" == unknown["Arn"]
        assert "sagemaker.amazonaws.com" in json.dumps(unknown["AssumeRolePolicyDocument"])
        trust = {"Version": "2012-10-17", "Statement": []}
        iam.create_role(
            RoleName="made", AssumeRolePolicyDocument=json.dumps(trust), Tags=[{"Key": "a", "Value": "b"}]
        )
        assert trust == iam.get_role(RoleName="made")["Role"]["AssumeRolePolicyDocument"]
        iam.put_role_policy(RoleName="made", PolicyName="p", PolicyDocument='{"Statement": []}')
        assert {"Statement": []} == iam.get_role_policy(RoleName="made", PolicyName="p")["PolicyDocument"]
        iam.attach_role_policy(RoleName="made", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
        attached = iam.list_attached_role_policies(RoleName="made")["AttachedPolicies"]
        assert ["AmazonS3FullAccess"] == [policy["PolicyName"] for policy in attached]
        with pytest.raises(ClientError, match="EntityAlreadyExists"):
            iam.create_role(RoleName="made", AssumeRolePolicyDocument=json.dumps(trust))

    def test_simulate_is_denied(self, client):
        """
        A policy simulation is denied, so that clients go on without it.
        """
        with pytest.raises(ClientError) as caught:
            client("iam").simulate_principal_policy(
                PolicySourceArn="arn:aws:iam::123456789012:role/r", ActionNames=["s3:GetObject"]
            )
        assert "AccessDenied" == caught.value.response["Error"]["Code"]


class TestConnection:
    def test_keep_alive_survives_errors(self, endpoint, bucket):
        """
        One connection serves many requests, also after errors whose body was not read.
        """
        connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc)
        for _ in range(3):
            connection.request("PUT", "/no-such-bucket/k", body=b"x" * 100_000)
            answer = connection.getresponse()
            assert (404, True) == (answer.status, b"NoSuchBucket" in answer.read())
            connection.request("PUT", f"/{bucket}/k", body=b"x")
            answer = connection.getresponse()
            assert (200, b"") == (answer.status, answer.read())
        connection.close()

    def test_chunked_body(self, endpoint, bucket):
        """
        A body in HTTP's own chunks is read as one.
        """
        connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc)
        connection.request("PUT", f"/{bucket}/k", body=iter([b"one ", b"two"]), encode_chunked=True)
        assert 200 == connection.getresponse().status
        connection.close()
        assert b"one two" == raw(endpoint, "GET", f"/{bucket}/k")[2]

    def test_client_that_goes_away(self, endpoint, bucket):
        """
        A client that hangs up half-way stores nothing and harms nobody.
        """
        connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc)
        connection.putrequest("PUT", f"/{bucket}/half")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"only this")
        connection.close()
        assert 200 == raw(endpoint, "GET", "/_localaws/health")[0]
        assert 404 == raw(endpoint, "GET", f"/{bucket}/half")[0]

    def test_header_from_query_cannot_break_the_answer(self, endpoint, client, bucket):
        """
        A line break in a header taken from the query stays inside that header.
        """
        client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
        _, headers, _ = raw(endpoint, "GET", f"/{bucket}/k?response-content-disposition=a%0d%0aX-Evil:%201")
        assert headers["X-Evil"] is None

    @pytest.mark.parametrize(
        "garbage",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n",
            b"PUT /b/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET /%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        ],
        ids=["tls", "short", "version", "method", "length", "chunk", "utf8", "long"],
    )
    def test_garbage(self, endpoint, garbage):
        """
        What is no request is refused or dropped, and the server serves on without a traceback.
        """
        with socket.create_connection(("127.0.0.1", urlsplit(endpoint.url).port), timeout=10) as connection:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        assert answer == b"" or b" 4" in answer[:14] or b" 5" in answer[:14] or b"Error code: " in answer
        assert "ready" == endpoint.health()["state"]
        assert "Traceback" not in endpoint.log


class TestOwnPages:
    def test_health(self, endpoint):
        """
        The health page says who runs where.
        """
        found = endpoint.health()
        assert ("ready", endpoint.process.pid) == (found["state"], found["pid"])
        assert sorted(found["services"]) == found["services"]
        assert {"athena", "glue", "iam", "logs", "s3", "sagemaker", "sts"} <= set(found["services"])
        assert endpoint.url.endswith(f":{found['port']}")

    def test_web_pages_are_kept_out(self, endpoint, bucket):
        """
        A web page may neither stop the server nor change anything, nor reach it by another name.
        """
        assert 403 == raw(endpoint, "POST", "/_localaws/stop", b"", Origin="https://example.org")[0]
        assert 403 == raw(endpoint, "POST", "/_localaws/stop", b"", Origin=endpoint.url)[0]
        assert 403 == raw(endpoint, "POST", f"/{bucket}?delete", b"<x/>", Origin="https://example.org")[0]
        assert 403 == raw(endpoint, "GET", f"/{bucket}", Host="example.org")[0]
        assert "ready" == endpoint.health()["state"]

    def test_unknown_page(self, endpoint):
        """
        A page that is not there is not an S3 object.
        """
        assert 404 == raw(endpoint, "GET", "/_localaws/none")[0]


class Broken:
    """A handler with a bug, and one that meets a full disk."""

    def DescribeLogGroups(self, request):
        raise RuntimeError("a bug")

    def DescribeLogStreams(self, request):
        raise OSError(28, "No space left on device")


@pytest.fixture
def front(tmp_path):
    world = World.open(tmp_path, "http://127.0.0.1:1")
    yield Front(world, {"logs": service("logs", JsonProtocol(), "V", [Broken()])}, Runtime(world, Hosts()))
    world.close()


def ask(front: Front, operation: str):
    import io
    from email.message import Message

    headers = Message()
    body = b'{"logGroupName": "g"}' if "Stream" in operation else b"{}"
    headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=a/20260801/us-east-1/logs/aws4_request"
    headers["X-Amz-Target"] = f"Logs_20140328.{operation}"
    headers["Content-Length"] = str(len(body))
    request, _ = Request.read("POST", "/", headers, io.BytesIO(body))
    return front.answer(request)


class TestFaultsInside:
    def test_a_bug_is_an_answer_and_a_traceback(self, front, caplog):
        """
        An unexpected exception is answered with 500 InternalFailure; its traceback is in the log.
        """
        with caplog.at_level(logging.ERROR, "localaws"):
            response = ask(front, "DescribeLogGroups")
        assert (500, "InternalFailure") == (response.status, response.headers["x-amzn-ErrorType"])
        assert "RuntimeError: a bug" in caplog.text

    def test_full_disk(self, front):
        """
        A full disk is told as such, with the folder.
        """
        response = ask(front, "DescribeLogStreams")
        assert (507, "InsufficientStorage") == (response.status, response.headers["x-amzn-ErrorType"])
        assert b"no disk space left under" in response.body

    def test_two_handlers_of_one_operation(self):
        """
        The table refuses an operation that two handlers serve.
        """
        with pytest.raises(ValueError, match=r"logs\.DescribeLogGroups is served twice"):
            service("logs", JsonProtocol(), "V", [Broken(), SimpleNamespace(DescribeLogGroups=print)])
