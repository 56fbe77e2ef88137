"""The only door to boto3: clients for the environment at hand, one layer of retries, an account guard."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from foldline.endpointurl import VARIABLE, variable_faults
from foldline.errors import EnvironmentFault
from foldline.remote.calls import Clock, SystemClock, call, is_retryable
from foldline.remote.patience import Patience
from foldline.remote.renewal import Renewal
from foldline.secretguard import UNREAD, refuse_secrets

SLOW_ANSWERS = frozenset({"s3", "sagemaker-runtime"})
"""Services whose answers may take long; every other call that says nothing for 20 s is tried again."""
RETRIED_INSIDE = frozenset({"s3"})
"""S3's transfers and pages are tried again part by part, inside the client; all other calls by `call`."""
PROGRAM_SECONDS = 30.0
"""How long a failing call is tried for a user who waits at a terminal."""
NOBODY_SECONDS = 3.0
"""How long nobody may answer at a local endpoint's address."""


class Account(Protocol):
    """Where calls go: an environment, or a :class:`Door`."""

    @property
    def name(self) -> str:
        """Name of the environment."""
        ...

    @property
    def account(self) -> str:
        """AWS account."""
        ...

    @property
    def region(self) -> str:
        """AWS region."""
        ...

    @property
    def endpoint_url(self) -> str | None:
        """Local endpoint in place of AWS."""
        ...

    @property
    def allow_remote_endpoint(self) -> bool:
        """Whether the endpoint may be on another machine."""
        ...


@dataclass(frozen=True)
class Door:
    """What another process needs to make the same clients; holds no secret, so it may be stored.

    Attributes:
        name: Name of the environment.
        account: AWS account.
        region: AWS region.
        endpoint_url: Local endpoint in place of AWS.
        aws_conn_id: Airflow connection with the credentials; None is boto3's own search.
        allow_remote_endpoint: Whether the endpoint may be on another machine.
    """

    name: str
    account: str
    region: str
    endpoint_url: str | None = None
    aws_conn_id: str | None = None
    allow_remote_endpoint: bool = False


def endpoint_url(environment: Account) -> str | None:
    """Where AWS answers: ``AWS_ENDPOINT_URL`` when set, else the environment file's; None is AWS itself."""
    return os.environ.get(VARIABLE) or environment.endpoint_url


class Clients:
    """boto3 clients of one environment, made on first use.

    Args:
        environment: Region, account and endpoint.
        session: A boto3 session, such as an Airflow connection's; boto3's default chain otherwise.
        not_secret: Texts that look like secrets, are none, and so may be sent.
        clock: Time; its patience is how long a throttled, failing or unreachable AWS is tried. The default is
            a program's, whose user waits at a terminal.
        connect: Makes ``session`` anew when AWS calls its credentials expired.
    """

    def __init__(
        self,
        environment: Account,
        session: Any = None,
        not_secret: frozenset[str] = frozenset(),
        clock: Clock | None = None,
        connect: Callable[[], Any] | None = None,
    ) -> None:
        self.environment = environment
        self.not_secret = not_secret
        self.clock = clock or SystemClock(PROGRAM_SECONDS)
        self._session = session
        self._connect = connect or (lambda: session)
        self._made: dict[str, Any] = {}

    @cached_property
    def session(self) -> Any:
        """The boto3 session the clients come from."""
        return self._by_chain() if self._session is None else self._session

    def _made_anew(self) -> Any:
        """A session with the credentials that stand where the first one's came from."""
        return self._connect() or self._by_chain()

    def _by_chain(self) -> Any:
        """A session by boto3's default chain."""
        import boto3

        local = endpoint_url(self.environment) is not None and "AWS_ACCESS_KEY_ID" not in os.environ
        # A local endpoint checks no signature, but boto3 wants something to sign with.
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"} if local else {}
        return boto3.Session(region_name=self.environment.region, **keys)

    def client(self, service: str) -> Any:
        """The client of ``service``."""
        if service not in self._made:
            from botocore.config import Config

            config = Config(
                connect_timeout=5,
                read_timeout=60 if service in SLOW_ANSWERS else 20,
                retries={"total_max_attempts": 1, "mode": "standard"},
                max_pool_connections=20,
            )
            self._made[service] = self.session.client(
                service,
                region_name=self.environment.region,
                endpoint_url=endpoint_url(self.environment),
                config=config,
            )
            Renewal(self.session, self._made_anew).watch_over(self._made[service])
            if service in RETRIED_INSIDE:
                Patience(self.clock).watch_over(self._made[service])
            if service not in UNREAD:
                self._made[service].meta.events.register("before-parameter-build", self._guard)
        return self._made[service]

    def _guard(self, params: Mapping[str, Any], model: Any, **event: Any) -> None:
        """Look at a request before botocore builds it: the one place that all requests come through."""
        where = f"environment {self.environment.name!r}"
        refuse_secrets(f"{model.service_model.service_name}:{model.name}", params, self.not_secret, where)

    def check_account(self) -> None:
        """Refuse to go on in another account than the environment file names.

        Raises:
            EnvironmentFault: The credentials belong to another account, an endpoint is on another machine, or
                nothing answers.
        """
        if faults := variable_faults(os.environ, remote=self.environment.allow_remote_endpoint):
            raise EnvironmentFault(
                f"an {VARIABLE} leads out of environment {self.environment.name!r}; nothing was sent",
                where="environment variables of this process",
                cause="\n".join(faults),
                mend="unset it, or permit it in the environment file",
            )
        where = endpoint_url(self.environment) or f"AWS in {self.environment.region}"
        mend = "start the local endpoint with `foldline local start`, or choose another FOLDLINE_ENV"
        try:
            account = self._who_am_i()
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

    def _who_am_i(self) -> str:
        """The account that the credentials belong to.

        Throttles and failing networks pass and are waited out, as for any other call; that no local endpoint
        runs does not.
        """
        from botocore.exceptions import EndpointConnectionError

        ask = self.client("sts").get_caller_identity
        try:
            return str(call(ask, self.clock, NOBODY_SECONDS)["Account"])
        except Exception as error:
            nobody = isinstance(error, EndpointConnectionError) and endpoint_url(self.environment)
            if nobody or not is_retryable(error):
                raise
        return str(call(ask, self.clock)["Account"])
