"""Spellings: texts that follow a rule, such as identifiers, bucket names and instance types.

A pattern alone makes a poor error message; each spelling says in words what it asks for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class Spelling:
    """A rule for a text.

    Attributes:
        noun: What such a text is called.
        pattern: Regular expression over the whole text.
        rule: The pattern in words, with an example.
    """

    noun: str
    pattern: str
    rule: str

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    @property
    def json_schema(self) -> dict[str, Any]:
        """Keywords for editors and for Airflow's Param."""
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}

    def validate(self, text: str) -> str:
        """``text`` itself.

        Raises:
            ValueError: It breaks the rule.
        """
        if self._compiled.fullmatch(text) is None:
            raise ValueError(f"{text!r} is no {self.noun}: {self.rule}")
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.validate, core_schema.str_schema())

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.json_schema)


@dataclass(frozen=True)
class OneOrMore:
    """A list of texts that may be written as its only entry.

    Attributes:
        entry: The rule of each.
    """

    entry: Spelling

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any, many: core_schema.ValidatorFunctionWrapHandler) -> Any:
            return (self.entry.validate(value),) if isinstance(value, str) else many(value)

        def written(value: tuple[str, ...]) -> str | list[str]:
            return value[0] if len(value) == 1 else list(value)

        spelt = core_schema.plain_serializer_function_ser_schema(written, when_used="json")
        return core_schema.no_info_wrap_validator_function(read, handler(source), serialization=spelt)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        many = {"type": "array", "items": self.entry.json_schema, "minItems": 1}
        return {"anyOf": [self.entry.json_schema, many]}


Identifier = Annotated[
    str,
    Spelling(
        "identifier",
        r"[A-Za-z_][A-Za-z0-9_]{0,254}",
        "letters, digits and _, not starting with a digit",
    ),
]
TableName = Annotated[
    str,
    Spelling(
        "Glue name",
        r"[a-z_][a-z0-9_]{0,254}",
        "lower-case letters, digits and _, not starting with a digit",
    ),
]
EntityName = Annotated[
    str,
    Spelling(
        "SageMaker name",
        r"[A-Za-z0-9](?:-*[A-Za-z0-9]){0,62}",
        "up to 63 letters, digits and inner hyphens",
    ),
]
_INSTANCE_TYPE = Spelling(
    "instance type", r"ml\.[a-z0-9-]+\.[a-z0-9]+(?:-[a-z0-9]+)*", "such as ml.m5.xlarge, lower case"
)
InstanceType = Annotated[str, _INSTANCE_TYPE]
InstanceLadder = Annotated[
    tuple[InstanceType, ...], Strict(False), Field(min_length=1), OneOrMore(_INSTANCE_TYPE)
]
"""Instance types in the order in which they are tried."""
S3Address = Annotated[
    str,
    Spelling(
        "S3 address",
        r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\x00-\x1f\\]{0,900}",
        "such as s3://bucket/folder/",
    ),
]
ProjectFolder = Annotated[
    str,
    Spelling(
        "folder",
        r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*",
        "a path from the project's root with / between its parts, such as jobs/churn",
    ),
]
MetricName = Annotated[
    str,
    Spelling(
        "metric name",
        r"[A-Za-z0-9_][A-Za-z0-9_:./ -]{0,254}",
        "letters, digits and _ : . / -, such as validation:auc",
    ),
]
ProgramName = Annotated[
    str,
    Spelling(
        "program",
        r"[A-Za-z0-9_][A-Za-z0-9_./-]*\.py|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*",
        "a script such as train.py or a module such as churn.train",
    ),
]
EstimatorName = Annotated[
    str,
    Spelling(
        "estimator",
        r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+",
        "a dotted name such as xgboost.XGBClassifier",
    ),
]
SettingPath = Annotated[
    str,
    Spelling(
        "setting",
        r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+",
        "a step and a key in its file, such as preprocessing.folds.k",
    ),
]
QueryFile = Annotated[
    str,
    Spelling("query file", r"[A-Za-z0-9_-]+\.sql", "a .sql file beside the step file, such as ingest.sql"),
]
Account = Annotated[
    str, Spelling("AWS account", r"\d{12}", 'twelve digits, in quotes, such as "123456789012"')
]
Region = Annotated[str, Spelling("AWS region", r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}", "such as eu-west-1")]
Bucket = Annotated[
    str,
    Spelling(
        "bucket name",
        r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "3 to 63 lower-case letters, digits, dots and hyphens",
    ),
]
RoleArn = Annotated[
    str,
    Spelling(
        "role",
        r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+",
        "an ARN such as arn:aws:iam::123456789012:role/foldline-jobs",
    ),
]
KeyArn = Annotated[
    str,
    Spelling(
        "KMS key",
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(?:key|alias)/[\w/-]+",
        "an ARN such as arn:aws:kms:eu-west-1:123456789012:key/0000…",
    ),
]
Subnet = Annotated[str, Spelling("subnet", r"subnet-[0-9a-f]{8,17}", "such as subnet-0123456789abcdef0")]
SecurityGroup = Annotated[
    str, Spelling("security group", r"sg-[0-9a-f]{8,17}", "such as sg-0123456789abcdef0")
]
TopicArn = Annotated[
    str,
    Spelling(
        "SNS topic",
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}",
        "an ARN such as arn:aws:sns:eu-west-1:123456789012:ml-alerts",
    ),
]
ConnectionId = Annotated[
    str,
    Spelling(
        "Airflow connection",
        r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}",
        "the id of a connection, such as slack_ml; never its URL or token",
    ),
]
