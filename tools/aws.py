"""The AWS that tools work on: an account's, with the credentials and the region of the AWS CLI, or an embedded one."""

import os
from functools import cached_property
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials

from chalicelib.storage.keys import TABLES
from tools.embedded import DUMMY_KEY, INVOKE_SECONDS, REGION, detached_session
from tools.tables import resource


class Aws:
    """Clients of one account and region; of an embedded AWS with its own credentials, if `endpoint` names one."""

    def __init__(self, endpoint: str | None = None) -> None:
        self.endpoint = endpoint
        self._session = detached_session() if endpoint else botocore.session.get_session()
        if endpoint:
            self._session.set_credentials(DUMMY_KEY, DUMMY_KEY)
        self._clients: dict[str, Any] = {}

    @property
    def region(self) -> str | None:
        """The region, None if nobody says one."""
        return REGION if self.endpoint else self._session.get_config_variable("region") or os.environ.get("AWS_REGION")

    @cached_property
    def credentials(self) -> Credentials | None:
        """Those that requests are signed with, None if there are none."""
        found: Credentials | None = self._session.get_credentials()
        return found

    def client(self, service: str) -> Any:
        """A client; one per service."""
        if service not in self._clients:
            proxies: dict[str, Any] = {"proxies": {}} if self.endpoint else {}
            config = Config(read_timeout=INVOKE_SECONDS, retries={"total_max_attempts": 3}, **proxies)
            self._clients[service] = self._session.create_client(
                service, region_name=self.region, endpoint_url=self.endpoint, config=config
            )
        return self._clients[service]

    def outputs(self, stack: str) -> dict[str, str]:
        """What a stack tells of itself. Raises `ClientError` when there is no such stack."""
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def tables_in_use(self, stack: str) -> dict[str, str]:
        """The tables that a stack's functions use, restored ones among them: logical name -> name."""
        told = self.outputs(stack)
        return {name: told[f"{resource(name)}Name"] for name in TABLES if f"{resource(name)}Name" in told}
