"""A request reaches an allowed host at an address that was checked, or it is not sent at all."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.absence import Absent, Reason
from functions.audit.hosts import HostPolicy, Party
from functions.fetcher.answer import Answer
from functions.fetcher.dial import MOST_TRIED, LookUp, Refused
from functions.fetcher.http import Http, Limits
from functions.fetcher.network import LARGEST_TOKEN_ANSWER, guarded_sync_transport, guarded_transport
from functions.fetcher.sources.envelope import Failure, open_envelope
from tests.fetcher.directory import Directory
from tests.fetcher.loopback import response, says, serving
from tests.fetcher.tls import contexts_for
from tests.fetcher.wires import SyncWires, Wires

HOST = "open.tiktokapis.com"
URL = f"https://{HOST}/v2/user/info/"
STRICT = HostPolicy()
LOCAL = HostPolicy(loopback_http=True)
PUBLIC, OTHER, THIRD = "93.184.215.14", "93.184.215.15", "93.184.215.16"
PUBLIC_V6 = "2606:4700::6810:84e5"
PRIVATE = ["10.0.0.7", "127.0.0.1", "169.254.169.254", "::1", "::ffff:8.8.8.8", "fd00:ec2::254", "100.64.0.1"]
BODY = response(b'{"a": 1}')


def client(
    directory: Directory,
    wires: Wires | None = None,
    *,
    policy: HostPolicy = STRICT,
    context: ssl.SSLContext | None = None,
    limits: Limits | None = None,
) -> Http:
    wires = wires or Wires()
    transport = guarded_transport(policy, resolver=directory, tcp=wires, context=context or _bare())
    return Http(transport=transport, limits=limits or Limits(connect=5, read=5, attempts=1))


def _bare() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody; quick to make


def asked(http: Http, url: str = URL) -> Answer:
    async def run() -> Answer:
        async with http:
            return await http.call("GET", url, deadline=http.clock() + 10, headers={"Authorization": "Bearer act.file"})

    return asyncio.run(run())


@asynccontextmanager
async def tls_server(context: ssl.SSLContext, names: list[str | None]) -> AsyncIterator[int]:
    """Serve one JSON object over TLS; ``names`` collects what name the client asked for."""

    def noted(_socket: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        names.append(name)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(BODY)
        await writer.drain()
        writer.close()

    context.sni_callback = noted
    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


# --- what is refused


@pytest.mark.parametrize("address", PRIVATE)
def test_a_host_with_an_address_that_is_not_public_is_not_dialled(address: str) -> None:
    directory, wires = Directory({HOST: [address]}), Wires()

    answer = asked(client(directory, wires))

    assert answer.problem.startswith(f"is at {HOST}, which resolves to an address that is not public (")
    assert (answer.status, answer.unsent, answer.refused) == (None, True, True)
    assert wires.dialled == []


@given(address=st.ip_addresses().filter(lambda at: not at.is_global))
def test_no_address_outside_the_public_internet_is_ever_dialled(address: object) -> None:
    look_up = LookUp(STRICT, Directory({HOST: [str(address)]}))

    with pytest.raises(Refused, match="which resolves to an address that is not public"):
        look_up.addresses(HOST, 443)


@pytest.mark.parametrize("found", [[PUBLIC, "10.0.0.7"], ["10.0.0.7", PUBLIC], [PUBLIC] * 20 + ["::1"]])
def test_one_bad_address_among_good_ones_refuses_the_host(found: list[str]) -> None:
    wires = Wires()

    answer = asked(client(Directory({HOST: found}), wires))

    assert answer.refused
    assert wires.dialled == []


def test_a_refusal_is_final_although_attempts_are_left() -> None:
    directory = Directory({HOST: ["10.0.0.7"]})

    asked(client(directory, limits=Limits(connect=5, read=5, attempts=3, backoff=0)))

    assert directory.asked == [HOST]


def test_a_refusal_becomes_an_absence_that_says_why() -> None:
    answer = asked(client(Directory({HOST: ["192.168.1.1"]})))

    assert open_envelope(answer, what="user info (basic)") == Failure(
        Absent.because(
            Reason.SOURCE_FAILED,
            "user info (basic) is at open.tiktokapis.com, which resolves to an address that is not public (private)",
        )
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://evil.open.tiktokapis.com/",
        "https://open.tiktokapis.com.evil.example/",
        "https://open.tiktokapis.com./",
        "https://open.tiktokapis.com:8443/",
        "http://open.tiktokapis.com/",
        "http://open.tiktokapis.com:443/",
        "https://93.184.215.14/",
        "https://[2606:4700::6810:84e5]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "http://127.0.0.1/",
        "https://localhost/",
        "http://[::1]/",
        "https://xn--opn-6ma.tiktokapis.com/",
    ],
)
def test_an_address_that_nobody_allowed_is_not_even_looked_up(url: str) -> None:
    directory = Directory({HOST: [PUBLIC]})

    answer = asked(client(directory), url)

    assert answer == Answer(problem="is at a host that is not allowed", unsent=True, refused=True)
    assert directory.asked == []


@pytest.mark.parametrize(
    ("url", "parties", "admitted"),
    [
        ("https://analyticsdata.googleapis.com/", {Party.GA4}, True),
        ("https://analyticsdata.googleapis.com/", {Party.GOOGLE_TOKENS}, False),
        ("https://oauth2.googleapis.com/token", {Party.GOOGLE_TOKENS}, True),
        ("https://sts.googleapis.com/v1/token", {Party.GOOGLE_TOKENS}, True),
        ("https://iamcredentials.googleapis.com/v1/x", {Party.GOOGLE_TOKENS}, True),
        ("https://www.googleapis.com/oauth2/v1/certs", {Party.GOOGLE_TOKENS}, True),
        ("https://sts.amazonaws.com/?Action=GetCallerIdentity", {Party.GOOGLE_TOKENS}, True),
        ("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity", {Party.GOOGLE_TOKENS}, True),
        ("https://sts.us-gov-east-1.amazonaws.com/", {Party.GOOGLE_TOKENS}, True),
        ("https://sts.evil.amazonaws.com/", {Party.GOOGLE_TOKENS}, False),
        ("https://stsxeu-west-1.amazonaws.com/", {Party.GOOGLE_TOKENS}, False),
        ("https://s3.eu-west-1.amazonaws.com/", {Party.GOOGLE_TOKENS}, False),
        ("http://oauth2.googleapis.com/token", {Party.GOOGLE_TOKENS}, False),
        ("https://open.tiktokapis.com/", {Party.GOOGLE_TOKENS}, False),
        ("https://business-api.tiktok.com/", {Party.TIKTOK_BUSINESS}, True),
        ("https://larkspur.myshopify.com/", {Party.SHOPIFY}, True),
        ("https://larkspur.myshopify.com.evil.example/", {Party.SHOPIFY}, False),
        ("https://a.b.myshopify.com/", {Party.SHOPIFY}, False),
    ],
)
def test_each_party_has_its_own_hosts(url: str, parties: set[Party], *, admitted: bool) -> None:
    directory = Directory()  # knows no name: who is admitted could not be reached
    transport = guarded_transport(STRICT, parties=parties, resolver=directory, tcp=Wires(), context=_bare())

    answer = asked(Http(transport=transport, limits=Limits(attempts=1)), url)

    assert answer.refused is not admitted
    assert (directory.asked != []) is admitted


# --- what is dialled


def test_a_name_that_changes_between_look_and_call_changes_nothing() -> None:
    directory = Directory({HOST: [[PUBLIC], ["127.0.0.1"]]})
    wires = Wires()

    asked(client(directory, wires))

    assert directory.asked == [HOST]
    assert wires.dialled == [PUBLIC]


def test_a_name_that_turns_bad_is_refused_at_the_next_connection() -> None:
    directory = Directory({HOST: [[PUBLIC], ["127.0.0.1"]]})
    wires = Wires()

    answer = asked(client(directory, wires, limits=Limits(connect=5, read=5, attempts=3, backoff=0)))

    assert answer.refused
    assert wires.dialled == [PUBLIC]


def test_the_connection_goes_to_the_checked_address_and_tls_to_the_name(tmp_path: Path) -> None:
    server, trusting = contexts_for(HOST, tmp_path)
    names: list[str | None] = []

    async def run() -> tuple[Answer, list[str]]:
        async with tls_server(server, names) as port:
            wires = Wires({PUBLIC: port})
            async with client(Directory({HOST: [PUBLIC]}), wires, context=trusting) as http:
                answer = await http.call("GET", URL, deadline=http.clock() + 10, headers={})
            return answer, wires.dialled

    assert asyncio.run(run()) == (Answer(200, {"a": 1}), [PUBLIC])
    assert names == [HOST]


def test_a_certificate_for_another_name_is_not_taken(tmp_path: Path) -> None:
    server, trusting = contexts_for("evil.example", tmp_path)
    names: list[str | None] = []

    async def run() -> Answer:
        async with (
            tls_server(server, names) as port,
            client(Directory({HOST: [PUBLIC]}), Wires({PUBLIC: port}), context=trusting) as http,
        ):
            return await http.call("GET", URL, deadline=http.clock() + 10, headers={})

    assert asyncio.run(run()) == Answer(problem="could not be reached", unsent=True)
    assert names == [HOST]


def test_a_certificate_of_nobody_we_know_is_not_taken(tmp_path: Path) -> None:
    server, _ = contexts_for(HOST, tmp_path)

    async def run() -> Answer:
        async with tls_server(server, []) as port, client(Directory({HOST: [PUBLIC]}), Wires({PUBLIC: port})) as http:
            return await http.call("GET", URL, deadline=http.clock() + 10, headers={})

    assert asyncio.run(run()) == Answer(problem="could not be reached", unsent=True)


def test_the_next_address_is_dialled_when_one_refuses() -> None:
    wires = Wires()

    assert asked(client(Directory({HOST: [PUBLIC, OTHER, THIRD]}), wires)) == Answer(
        problem="could not be reached", unsent=True
    )
    assert wires.dialled == [PUBLIC, OTHER, THIRD]


def test_a_silent_address_does_not_hold_up_the_others(tmp_path: Path) -> None:
    server, trusting = contexts_for(HOST, tmp_path)

    async def run() -> tuple[Answer, Wires]:
        async with tls_server(server, []) as port:
            wires = Wires({OTHER: port}, silent=frozenset({PUBLIC}))
            async with client(Directory({HOST: [PUBLIC, OTHER, THIRD]}), wires, context=trusting) as http:
                return await http.call("GET", URL, deadline=http.clock() + 10, headers={}), wires

    answer, wires = asyncio.run(run())
    assert answer.body == {"a": 1}
    assert wires.dialled == [PUBLIC, OTHER]
    assert wires.given_up == [PUBLIC]


def test_silence_everywhere_ends_with_the_connect_timeout() -> None:
    wires = Wires(silent=frozenset({PUBLIC, PUBLIC_V6}))
    limits = Limits(connect=0.3, read=5, attempts=1)

    answer = asked(client(Directory({HOST: [PUBLIC, PUBLIC_V6]}), wires, limits=limits))

    assert answer == Answer(problem="could not be reached", unsent=True)
    assert sorted(wires.given_up) == [PUBLIC_V6, PUBLIC]


@pytest.mark.parametrize(
    ("found", "order"),
    [
        ([PUBLIC, OTHER, PUBLIC_V6], [PUBLIC, PUBLIC_V6, OTHER]),
        ([PUBLIC_V6, PUBLIC, OTHER], [PUBLIC_V6, PUBLIC, OTHER]),
        ([PUBLIC, PUBLIC, OTHER], [PUBLIC, OTHER]),
        ([f"93.184.215.{n}" for n in range(100)], [f"93.184.215.{n}" for n in range(MOST_TRIED)]),
    ],
)
def test_the_families_take_turns_and_not_too_many_are_tried(found: list[str], order: Sequence[str]) -> None:
    assert LookUp(STRICT, Directory({HOST: found})).addresses(HOST, 443) == tuple(order)


@pytest.mark.parametrize("names", [{}, {HOST: []}])
def test_a_host_without_an_address_could_not_be_reached(names: dict[str, list[str]]) -> None:
    assert asked(client(Directory(dict(names)))) == Answer(problem="could not be reached", unsent=True)


def test_a_name_that_no_dns_can_hold_could_not_be_reached() -> None:
    host = "a" * 60 + "." + "b" * 60 + ".example"

    def unspeakable(host: str, port: int) -> list[str]:
        raise UnicodeError(f"label too long in {host}:{port}")

    transport = guarded_transport(HostPolicy(hosts=frozenset({host})), resolver=unspeakable, context=_bare())

    assert asked(Http(transport=transport), f"https://{host}/") == Answer(problem="could not be reached", unsent=True)


# --- this very machine


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "127.9.9.9"])
def test_this_machine_is_asked_over_http_only_where_the_policy_says_so(host: str) -> None:
    directory, wires = Directory({"localhost": ["127.0.0.1", "::1"]}), Wires()

    strict = asked(client(directory, wires, policy=STRICT), f"http://{host}:8080/")
    local = asked(client(directory, wires, policy=LOCAL), f"http://{host}:8080/")

    assert (strict.refused, local.refused) == (True, False)
    assert set(wires.dialled) <= {"127.0.0.1", "::1", "127.9.9.9"}
    assert wires.dialled != []


@pytest.mark.parametrize("address", [PUBLIC, "10.0.0.7", "::ffff:127.0.0.1", "0.0.0.0"])  # noqa: S104 - looked at only
def test_localhost_that_is_not_this_machine_is_refused(address: str) -> None:
    answer = asked(client(Directory({"localhost": ["127.0.0.1", address]}), policy=LOCAL), "http://localhost:8080/")

    assert answer.problem == "is at localhost, which resolves to an address that is not this machine's"


def test_with_loopback_allowed_another_name_may_still_not_lead_here() -> None:
    assert asked(client(Directory({HOST: ["127.0.0.1"]}), policy=LOCAL)).refused


def test_a_redirect_to_this_machine_is_not_followed() -> None:
    async def run() -> tuple[Answer, list[str]]:
        async with serving(says(BODY)) as secret:
            moved = response(b"{}", b"Location: " + secret.url.encode(), status=b"302 Found")
            async with serving(says(moved)) as line, Http(LOCAL) as http:
                answer = await http.call("GET", line.url, deadline=http.clock() + 5, headers={})
            return answer, secret.asked

    answer, secretly = asyncio.run(run())
    assert answer.status == 302
    assert secretly == []


def test_a_client_without_a_policy_is_strict() -> None:
    async def run() -> tuple[Answer, list[str]]:
        async with serving(says(BODY)) as line, Http() as http:
            return await http.call("GET", line.url, deadline=http.clock() + 5, headers={}), line.asked

    answer, arrived = asyncio.run(run())
    assert answer.refused
    assert arrived == []


# --- the synchronous twin


@contextmanager
def one_answer(body: bytes) -> Iterator[int]:
    """Serve one connection on loopback from a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # nobody came, and the story is over
            with connection:
                connection.recv(65536)
                with suppress(ConnectionError):  # the client had enough
                    connection.sendall(body)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def google(directory: Directory, wires: SyncWires, policy: HostPolicy = STRICT) -> httpx.Client:
    transport = guarded_sync_transport(
        policy, parties={Party.GOOGLE_TOKENS}, resolver=directory, tcp=wires, context=_bare()
    )
    return httpx.Client(transport=transport, trust_env=False, timeout=httpx.Timeout(5, connect=4))


@pytest.mark.parametrize("url", ["https://evil.example/token", "http://oauth2.googleapis.com/token", URL])
def test_googles_tokens_are_asked_for_at_their_hosts_only(url: str) -> None:
    directory = Directory()

    with google(directory, SyncWires()) as http, pytest.raises(Refused, match="is at a host that is not allowed"):
        http.post(url)

    assert directory.asked == []


def test_the_synchronous_twin_refuses_what_is_not_public() -> None:
    directory, wires = Directory({"oauth2.googleapis.com": [PUBLIC, "169.254.169.254"]}), SyncWires()

    with google(directory, wires) as http, pytest.raises(httpx.ConnectError, match="not public"):
        http.post("https://oauth2.googleapis.com/token")

    assert wires.dialled == []


def test_the_synchronous_twin_shares_its_time_among_the_checked_addresses() -> None:
    directory = Directory({"oauth2.googleapis.com": [[PUBLIC, OTHER], ["10.0.0.7"]]})
    wires = SyncWires(silent=frozenset({PUBLIC}))

    with google(directory, wires) as http, pytest.raises(httpx.ConnectError, match="refused"):
        http.post("https://oauth2.googleapis.com/token")

    assert directory.asked == ["oauth2.googleapis.com"]
    assert wires.dialled == [(PUBLIC, 2.0), (OTHER, 2.0)]


def test_the_synchronous_twin_reads_an_answer() -> None:
    with one_answer(BODY) as port, google(Directory(), SyncWires({"127.0.0.1": port}), LOCAL) as http:
        assert http.get("http://127.0.0.1:8080/token").json() == {"a": 1}


def test_the_synchronous_twin_breaks_off_what_is_too_large() -> None:
    large = response(b" " * (LARGEST_TOKEN_ANSWER + 1))

    with (
        one_answer(large) as port,
        google(Directory(), SyncWires({"127.0.0.1": port}), LOCAL) as http,
        pytest.raises(httpx.ReadError, match="too large"),
    ):
        http.get("http://127.0.0.1:8080/token")
