"""The only door to boto3: clients for the environment at hand, one layer of retries, an account guard."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from foldline.errors import EnvironmentFault
from foldline.remote.calls import SystemClock, call

if TYPE_CHECKING:
    from foldline.environment import Environment

RETRIED_BY_BOTO = frozenset({"s3"})
"""S3 transfers are retried part by part in boto3; `foldline.remote.calls` retries all other calls."""


def endpoint_url(environment: Environment) -> str | None:
    """Where AWS answers: ``AWS_ENDPOINT_URL`` when set, else the environment file's; None is AWS itself."""
    return os.environ.get("AWS_ENDPOINT_URL") or environment.endpoint_url


class Clients:
    """boto3 clients of one environment, made on first use.

    Args:
        environment: Region, account and endpoint.
        session: A boto3 session, such as an Airflow connection's; boto3's default chain otherwise.
    """

    def __init__(self, environment: Environment, session: Any = None) -> None:
        self.environment = environment
        self._session = session
        self._made: dict[str, Any] = {}

    @cached_property
    def session(self) -> Any:
        """The boto3 session the clients come from."""
        import boto3

        if self._session is not None:
            return self._session
        local = endpoint_url(self.environment) is not None and "AWS_ACCESS_KEY_ID" not in os.environ
        # A local endpoint checks no signature, but boto3 wants something to sign with.
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"} if local else {}
        return boto3.Session(region_name=self.environment.region, **keys)

    def client(self, service: str) -> Any:
        """The client of ``service``."""
        if service not in self._made:
            from botocore.config import Config

            attempts = 5 if service in RETRIED_BY_BOTO else 1
            config = Config(
                connect_timeout=5,
                read_timeout=60,
                retries={"total_max_attempts": attempts, "mode": "standard"},
                max_pool_connections=20,
            )
            self._made[service] = self.session.client(
                service,
                region_name=self.environment.region,
                endpoint_url=endpoint_url(self.environment),
                config=config,
            )
        return self._made[service]

    def check_account(self) -> None:
        """Refuse to go on in another account than the environment file names.

        Raises:
            EnvironmentFault: The credentials belong to another account, or nothing answers.
        """
        where = endpoint_url(self.environment) or f"AWS in {self.environment.region}"
        mend = "start the local endpoint with `foldline local start`, or choose another FOLDLINE_ENV"
        try:
            account = call(self.client("sts").get_caller_identity, SystemClock(), 3.0)["Account"]
        except Exception as error:
            raise EnvironmentFault(
                f"no AWS answers for environment {self.environment.name!r}",
                where=where,
                cause=str(error),
                mend=mend,
            ) from error
        if account != self.environment.account:
            raise EnvironmentFault(
                f"the credentials belong to account {account}, environment {self.environment.name!r} "
                f"names {self.environment.account}; nothing was sent",
                where=where,
                mend=f"correct `account` in infra/env/{self.environment.name}.yaml, or use other credentials",
            )
