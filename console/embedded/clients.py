"""boto3 clients that can reach the embedded AWS and nothing else."""

import threading
from typing import Any

import boto3.session
import botocore.config
import botocore.session

ACCOUNT = "000000000000"
REGION = "us-east-1"


class Clients:
    """One client a service, all for one endpoint.

    Whatever the user's environment and ``~/.aws`` say about profiles, keys, regions, endpoints and proxies
    is not even read: a demo must never touch, or depend on, somebody's real account.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        variables = {
            name: (in_file, None, default, convert)
            for name, (in_file, _, default, convert) in botocore.session.Session.SESSION_VARIABLES.items()
        }
        variables["config_file"] = variables["credentials_file"] = (None, None, "/nonexistent/aws", None)
        self._session = boto3.session.Session(
            aws_access_key_id="embedded",
            aws_secret_access_key="embedded",  # noqa: S106  # the emulator takes any
            region_name=REGION,
            botocore_session=botocore.session.Session(session_vars=variables),
        )
        self._config = botocore.config.Config(
            proxies={},
            max_pool_connections=20,
            connect_timeout=5,
            read_timeout=120,
            retries={"total_max_attempts": 2, "mode": "standard"},
            s3={"addressing_style": "path"},
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
        )

    def get(self, service: str) -> Any:  # noqa: ANN401  # boto3 builds clients at run time
        """Return the client of a service, built once."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(
                    service,  # type: ignore[call-overload]  # any service's name
                    endpoint_url=self.endpoint,
                    config=self._config,
                )
            return self._clients[service]

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
