"""Services that are not played here: moto answers where it is installed, and never pretends to run anything."""

from __future__ import annotations

import io
import json
import sys
from email.message import Message
from urllib.parse import urlencode

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from localaws.front import Front
from localaws.sagemaker.hosting.hosts import Hosts
from localaws.sagemaker.hosting.runtime import Runtime
from localaws.wire import Request
from localaws.world import World


@pytest.fixture(autouse=True, scope="module")
def moto():
    pytest.importorskip("moto", reason="the extra is not installed")


def refusal(call, **members) -> str:
    """The text of a call's NotImplemented."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    assert "NotImplemented" == caught.value.response["Error"]["Code"]
    return caught.value.response["Error"]["Message"]


class TestMoto:
    def test_queue_behind_a_topic(self, client):
        """
        A message to a topic arrives in the queue behind it; the queue's address is the endpoint's.
        """
        sns, sqs = client("sns"), client("sqs")
        topic = sns.create_topic(Name="done")["TopicArn"]
        queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:inbox")
        sns.publish(TopicArn=topic, Message="trained")
        found = sqs.receive_message(QueueUrl=queue)["Messages"]
        assert ["trained"] == [json.loads(message["Body"])["Message"] for message in found]

    def test_secrets_parameters_items_and_keys(self, client):
        """
        Secrets, parameters, table items, keys, repositories and rules are kept, in any of AWS's wire forms.
        """
        client("secretsmanager").create_secret(Name="db", SecretString="hush")
        assert "hush" == client("secretsmanager").get_secret_value(SecretId="db")["SecretString"]
        client("ssm").put_parameter(Name="/a", Value="1", Type="String")
        assert "1" == client("ssm").get_parameter(Name="/a")["Parameter"]["Value"]
        dynamodb = client("dynamodb")
        dynamodb.create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.put_item(TableName="t", Item={"k": {"S": "ä"}})
        assert 1 == dynamodb.scan(TableName="t")["Count"]
        key = client("kms").create_key()["KeyMetadata"]["KeyId"]
        sealed = client("kms").encrypt(KeyId=key, Plaintext=b"open")["CiphertextBlob"]
        assert b"open" == client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"]
        client("ecr").create_repository(repositoryName="images")
        client("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
        assert ["nightly"] == [rule["Name"] for rule in client("events").list_rules()["Rules"]]
        assert [] == client("lambda").list_functions()["Functions"]

    def test_repeated_parameters_of_a_query_string(self, client):
        """
        Parameters that come several times in a query string all arrive.
        """
        scheduler = client("scheduler")
        arn = scheduler.create_schedule_group(
            Name="g",
            Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}, {"Key": "c", "Value": "3"}],
        )["ScheduleGroupArn"]
        scheduler.untag_resource(ResourceArn=arn, TagKeys=["a", "b"])
        assert ["c"] == [tag["Key"] for tag in scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"]]

    def test_stack(self, client):
        """
        A stack of side services is made; one with a bucket in it is refused, for the bucket would be nowhere.
        """
        stacks = client("cloudformation")
        template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "stacked"}}}}
        stacks.create_stack(StackName="side", TemplateBody=json.dumps(template))
        assert client("sqs").get_queue_url(QueueName="stacked")["QueueUrl"].endswith("/stacked")
        template["Resources"] |= {"B": {"Type": "AWS::S3::Bucket"}, "M": {"Type": "AWS::SageMaker::Model"}}
        text = refusal(stacks.create_stack, StackName="own", TemplateBody=json.dumps(template))
        assert "cloudformation.CreateStack with AWS::S3::Bucket, AWS::SageMaker::Model" in text

    def test_what_would_be_pretended(self, client):
        """
        What would have to run something is refused by name.
        """
        text = refusal(client("emr").run_job_flow, Name="x", Instances={})
        assert "localaws does not implement elasticmapreduce.RunJobFlow: moto would say that it ran" in text
        text = refusal(client("lambda").invoke, FunctionName="f")
        assert "localaws does not implement lambda.Invoke: moto" in text
        machine = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
        assert "states.StartExecution" in refusal(
            client("stepfunctions").start_execution, stateMachineArn=machine
        )

    def test_what_moto_lacks(self, client):
        """
        What moto does not play either is NotImplemented, not a server error that clients retry.
        """
        text = refusal(client("dynamodb").list_contributor_insights)
        assert "neither localaws nor moto implements dynamodb.ListContributorInsights" == text
        assert "neither localaws nor moto" in refusal(client("gamelift").list_fleets)

    def test_owned_services_stay_here(self, client, bucket):
        """
        A missing operation of a service played here is refused, though moto has it.
        """
        assert "localaws does not implement iam.ListUsers" == refusal(client("iam").list_users)
        assert bucket in [item["Name"] for item in client("s3").list_buckets()["Buckets"]]

    def test_no_leave_for_web_pages(self, endpoint, client):
        """
        Moto's answers do not tell browsers that every page may read them.
        """
        answer = client("sqs").list_queues()
        assert "access-control-allow-origin" not in answer["ResponseMetadata"]["HTTPHeaders"]


class TestUnsigned:
    def test_sts(self, connect, endpoint):
        """
        STS's unsigned calls reach STS, not S3.
        """
        sts = connect(endpoint, "sts", config=Config(signature_version=UNSIGNED))
        role = "arn:aws:iam::123456789012:role/r"
        text = refusal(
            sts.assume_role_with_web_identity,
            RoleArn=role,
            RoleSessionName="session",
            WebIdentityToken="token",
        )
        assert "localaws does not implement sts.AssumeRoleWithWebIdentity" == text

    def test_cognito(self, connect, endpoint):
        """
        Cognito's unsigned calls go to moto.
        """
        cognito = connect(endpoint, "cognito-idp")
        with pytest.raises(ClientError) as caught:
            cognito.sign_up(ClientId="nobody", Username="u", Password="p")
        assert "ResourceNotFoundException" == caught.value.response["Error"]["Code"]


def test_without_the_extra(tmp_path, monkeypatch):
    """
    Without moto the refusal names the operation and the extra.
    """
    monkeypatch.setitem(sys.modules, "moto.server", None)
    world = World.open(tmp_path, "http://127.0.0.1:1")
    headers = Message()
    headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=a/20260801/us-east-1/sns/aws4_request"
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    body = urlencode({"Action": "ListTopics", "Version": "2010-03-31"}).encode()
    headers["Content-Length"] = str(len(body))
    request, _ = Request.read("POST", "/", headers, io.BytesIO(body))
    response = Front(world, {}, Runtime(world, Hosts())).answer(request)
    world.close()
    assert 501 == response.status
    assert (
        b"localaws does not implement sns.ListTopics; with moto it does: pip install 'foldline[moto]'"
        in response.body.replace(b"&apos;", b"'")
    )


def test_moto_is_loaded_late(start, connect, tmp_path):
    """
    A server that is never asked for a side service never loads moto.
    """
    running = start(tmp_path / "state")
    connect(running, "s3").list_buckets()
    assert "answered by moto" not in running.log
    connect(running, "sqs").list_queues()
    assert "answered by moto" in running.log
