"""What is taken for a secret and what is not, in names, values, step files, requests and texts."""

from __future__ import annotations

import random
import shutil
import string
from pathlib import Path

import pytest

from foldline.aws import Clients, Door
from foldline.config import load_pipeline, problems
from foldline.credentials import findings, looks_random, names_secret
from foldline.errors import ConfigError, RequestError
from foldline.names import Identity, digest
from foldline.notices import Notice
from foldline.redaction import MARK, redacted, redacted_document
from foldline.secretguard import refuse_secrets

ROOT = Path(__file__).parents[3]
ACCESS_KEY = "AKIA" + "QX7TGV2MZLP4RSWD"
SECRET_KEY = "vR8k/2LmQx0ZpT5yHn3Wc7Jd+e1FbG9sUaKiXo4M"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV"
SECRETS = {
    "access key": ACCESS_KEY,
    "secret key": SECRET_KEY,
    "web token": TOKEN,
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----",
    "bearer": "Authorization: Bearer 9f8e7d6c5b4a39281706f5",
    "postgres": "postgresql://etl:hunter2@db.example.com:5432/raw",
    "amqp": "amqp://:s3cr3t@mq/",
    "slack": "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "github": "ghp_" + "a1B2" * 9,
    "presigned": "https://b.s3.amazonaws.com/k?X-Amz-Signature=" + "0f" * 32,
    "sql user": "CREATE USER etl PASSWORD 'Hunter2Hunter2'",
    "assigned": "host=db password='hunter2hunter2'",
    "azure": "AccountName=x;AccountKey=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4==",
}
"""Each is a secret by its shape alone."""

ORDINARY = [
    "s3://acme-foldline-dev/flight_delays/runs/manual__2026-11-20T16:18:10+00:00/folds/",
    "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3",
    "arn:aws:secretsmanager:eu-west-1:111111111111:secret:prod/db-AbC1dE",
    "arn:aws:ssm:eu-west-1:111111111111:parameter/prod/db/password",
    "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000",
    "3c59dc048e8850243be8079a5c74d079" * 2,
    "1f0e3dad99908345f7439f8ffabdffc4",
    "training.baseline.HistoricalRate",
    "ChurnModelForRetailCustomersInEurope2026",
    "one_hot_encoded_departure_hour_of_the_day_24",
    "SELECT token, password_changed_at FROM logins WHERE secret_question IS NOT NULL",
    "http://127.0.0.1:4566",
    "the endpoint http://user-service:8080/ answers",
    "basic configuration-management of the learner",
    "/opt/ml/input/data/code",
    "550e8400-e29b-41d4-a716-446655440000",
    "ml.m5.xlarge",
]


SECRET_NAMES = """
password DB_PASSWORD dbPassword --db-password token hf_token api_key apiKey AWS_SECRET_ACCESS_KEY client_secret
passphrase aws.secret SlackToken private_key connection_string credentials bot-token
"""
OTHER_NAMES = """
max_tokens tokenizer token_count pad_token eos_token_id num_tokens secret_arn password_file token_url access_key_id
key keys kms_key ClientRequestToken NextToken monkey row_key by compass PasswordLength
"""


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_known_by_its_shape(text):
    """
    A credential is found under an innocent name, alone and amid other words.
    """
    assert list(findings({"note": text}))
    assert list(findings({"note": f"see {text} there"}))


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_value_is_no_secret(text):
    """
    Addresses, images, ARNs, digests, class names and queries pass.
    """
    assert [] == list(findings({"note": text}))
    assert text == redacted(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [*((name, True) for name in SECRET_NAMES.split()), *((name, False) for name in OTHER_NAMES.split())],
)
def test_a_name_says_whether_its_value_is_secret(name, expected):
    """
    Words decide, however they are joined; what says where a secret is, or counts pieces of text, is none.
    """
    assert expected == names_secret(name)


def test_the_value_of_a_secret_name_is_found_wherever_it_hides():
    """
    In a mapping, a tag, an encoded hyperparameter, an option and its next word, and as a number.
    """
    request = {
        "HyperParameters": {
            "db_password": '"hunter2"',
            "max_tokens": "512",
            "nested": '{"api_key": "hunter3"}',
        },
        "Tags": [{"Key": "api-token", "Value": "hunter4"}, {"Key": "team", "Value": "churn"}],
        "ContainerArguments": ["--rows", "10", "--password", "hunter5", "--token=hunter6"],
        "Settings": {"pin": 1234, "password": 123456, "passphrase": None, "secret": True},
    }
    assert {"hunter2", "hunter3", "hunter4", "hunter5", "hunter6", "123456"} == {
        finding.secret for finding in findings(request)
    }


def test_a_finding_does_not_show_its_secret():
    """
    Neither the text nor the repr of a finding holds the secret, so no message can.
    """
    (finding,) = findings({"password": "hunter2hunter2"})
    assert "hunter2" not in repr(finding) + finding.what


def test_random_words_are_told_from_names():
    """
    Of 2,000 random keys nearly all are found; of 2,000 names of our own none is.
    """
    chance = random.Random(7)
    letters = string.ascii_letters + string.digits
    keys = ["".join(chance.choices(letters, k=chance.randint(28, 64))) for _ in range(2000)]
    assert sum(map(looks_random, keys)) >= 1900
    names = [
        Identity("dev", "ChurnDag", f"run{number}", "FitModel", number, "training", digest(number)).name()
        for number in range(2000)
    ]
    assert [] == [name for name in names if list(findings({"TrainingJobName": name}, random=False))]


@pytest.fixture
def project(tmp_path):
    """A copy of the repository's pipelines."""
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    return tmp_path


def edited(root: Path, file: str, text: str) -> Path:
    path = root / "infra" / "flight_delays" / file
    path.write_text(path.read_text() + text)
    return path


@pytest.mark.parametrize(
    ("file", "text", "path"),
    [
        ("training.yaml", "hyperparameters: {db_password: hunter2}\n", "hyperparameters.db_password"),
        ("training.yaml", f"hyperparameters: {{note: {ACCESS_KEY}}}\n", "hyperparameters.note"),
        ("training.yaml", f"request: {{Tags: [{{Key: t, Value: {TOKEN}}}]}}\n", "request.Tags[0].Value"),
        ("training.yaml", "request: {Environment: {API_TOKEN: hunter2}}\n", "request.Environment.API_TOKEN"),
        ("ingest.yaml", "request: {x: 'jdbc://u:hunter2@h/d'}\n", "request.x"),
        ("pipeline.yaml", f"# a comment\nnot_secret: []\nx: {SECRET_KEY}\n", "x"),
    ],
)
def test_a_step_file_with_a_secret_is_refused(project, file, text, path):
    """
    The problem names file, line and path and how to mend it; the secret is not in it.
    """
    edited(project, file, text)
    found = [problem for problem in problems("flight_delays", root=project) if "secret" in problem.message]
    assert [(f"infra/flight_delays/{file}", path)] == [(problem.file, problem.path) for problem in found]
    assert found[0].line > 1
    assert "Secrets Manager" in found[0].message
    told = str(problems("flight_delays", root=project))
    assert [] == [secret for secret in ("hunter2", ACCESS_KEY, TOKEN, SECRET_KEY) if secret in told]


def test_an_environment_file_with_a_secret_is_refused(project):
    """
    Overrides by step are told at the line of the environment file.
    """
    file = project / "infra/env/local.yaml"
    file.write_text(file.read_text() + "steps:\n  training: {hyperparameters: {db_password: hunter2}}\n")
    (found,) = problems("flight_delays", root=project)
    assert ("infra/env/local.yaml", "hyperparameters.db_password") == (found.file, found.path)


def test_a_query_with_a_secret_is_refused(project):
    """
    The problem names the line of the SQL file.
    """
    file = project / "infra/flight_delays/ingest.sql"
    count = file.read_text().count("\n")
    file.write_text(file.read_text().rstrip("\n") + "\n-- was read as postgresql://etl:hunter2@db/raw\n")
    found = [p for p in problems("flight_delays", root=project) if "secret" in p.message]
    assert [("infra/flight_delays/ingest.sql", count + 1)] == [(p.file, p.line) for p in found]


def test_a_reference_may_be_written(project):
    """
    The ARN of a secret stands under any name.
    """
    arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:prod/db-AbC1dE"
    edited(project, "training.yaml", f"hyperparameters: {{db_password: '{arn}'}}\n")
    assert [] == problems("flight_delays", root=project)


def test_a_false_alarm_is_silenced_in_its_file_by_its_path(project):
    """
    What `not_secret` names passes, in the file and later in requests; its neighbour does not.
    """
    edited(project, "training.yaml", "hyperparameters: {auth_token: flag, db_password: hunter2}\n")
    edited(project, "training.yaml", "not_secret: [hyperparameters.auth_token]\n")
    (found,) = problems("flight_delays", root=project)
    assert "hyperparameters.db_password" == found.path
    edited(project, "training.yaml", "# more\n").write_text(
        (project / "infra/flight_delays/training.yaml").read_text().replace(", db_password: hunter2", "")
    )
    pipeline = load_pipeline("flight_delays", root=project)
    assert frozenset({"flag"}) == pipeline.not_secret
    refuse_secrets("CreateTrainingJob", {"HyperParameters": {"auth_token": '"flag"'}}, pipeline.not_secret)


def test_a_silencer_that_silences_nothing_is_refused(project):
    """
    A path that the file does not have is told with the nearest one.
    """
    edited(project, "training.yaml", "not_secret: [job.imag]\n")
    (found,) = problems("flight_delays", root=project)
    assert ("not_secret[0]", "job.image") == (found.path, found.nearest)


def test_a_param_with_a_secret_is_refused():
    """
    A trigger's conf goes the same way: the param is named, its value is not.
    """
    with pytest.raises(ConfigError) as caught:
        load_pipeline("flight_delays", root=ROOT).with_params({"from_date": ACCESS_KEY})
    assert "from_date" in str(caught.value)
    assert ACCESS_KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("service", "operation", "request_"),
    [
        ("sagemaker", "create_processing_job", {"Environment": {"DB_PASSWORD": "hunter2"}}),
        ("sagemaker", "create_model", {"ModelName": "m", "Tags": [{"Key": "k", "Value": ACCESS_KEY}]}),
        ("athena", "start_query_execution", {"QueryString": f"SELECT '{TOKEN}'"}),
        (
            "athena",
            "start_query_execution",
            {"QueryString": "x", "ExecutionParameters": [SECRETS["postgres"]]},
        ),
        ("glue", "start_job_run", {"JobName": "j", "Arguments": {"--api-token": "hunter2"}}),
        ("redshift-data", "execute_statement", {"Sql": SECRETS["sql user"]}),
    ],
)
def test_no_client_sends_a_secret(service, operation, request_):
    """
    Every request of every client is looked at before it is built; nothing goes out, here to a closed port.
    """
    door = Door("local", "123456789012", "us-east-1", "http://127.0.0.1:9")
    client = Clients(door).client(service)
    with pytest.raises(RequestError, match="nothing was sent") as caught:
        getattr(client, operation)(**request_)
    assert [] == [text for text in ("hunter2", ACCESS_KEY, TOKEN) if text in str(caught.value)]


def test_a_text_loses_its_secrets_and_keeps_the_rest():
    """
    By shape, by the name before it, and by value.
    """
    said = f"connect postgresql://etl:hunter2@db failed; api_token=abc123, rows: 12, key {ACCESS_KEY}, was Tr0ub4dor&3"
    expected = (
        f"connect postgresql://etl:{MARK}@db failed; api_token={MARK}, rows: 12, key {MARK}, was {MARK}"
    )
    assert expected == redacted(said, ["Tr0ub4dor&3"])


def test_a_document_loses_its_secrets_and_keeps_its_form():
    """
    Under secret names and inside texts, at any depth; figures and references stay.
    """
    arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:prod/db-AbC1dE"
    document = {
        "a": [{"db_password": "hunter2", "k": 3}],
        "secret": arn,
        "log": f"x {TOKEN}",
        "max_tokens": 512,
    }
    assert {
        "a": [{"db_password": MARK, "k": 3}],
        "secret": arn,
        "log": f"x {MARK}",
        "max_tokens": 512,
    } == redacted_document(document)


def test_a_notice_says_no_secret():
    """
    Neither as text nor in Slack's form.
    """
    notice = Notice(
        "failure", "churn", "prod", "manual__1", detail="cause   read postgresql://etl:hunter2@db/raw"
    )
    assert "postgresql://etl" in notice.text
    assert "hunter2" not in notice.text + str(notice.slack)


def test_where_a_list_goes_on_is_no_secret():
    """
    A NextToken is AWS's own random text; refusing it would end every list after its first page.
    """
    text = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

    assert findings({"NextToken": text}, random=False)
    assert refuse_secrets("sagemaker:ListTrainingJobs", {"NextToken": text}) is None
