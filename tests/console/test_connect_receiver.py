"""The ear on this machine: one answer with the right state is heard, everything else is turned away unheard."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from http import HTTPStatus

import httpx
import pytest

from console.errors import Unusable
from console.login.addresses import Redirect, parse_redirect
from console.login.callback import Granted, Refused
from console.login.page import Page, failed
from console.login.receiver import Receiver

STATE = "a-state-of-this-login"
DONE = Page(HTTPStatus.OK, "Connected <b>&", ("It is stored.",))


@contextmanager
def listening(address: str = "http://127.0.0.1:*/callback/") -> Iterator[Receiver]:
    with Receiver(parse_redirect(address), state=STATE) as receiver:
        yield receiver


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=10) as opened:
        yield opened


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as opened:
        yield opened


def callback(receiver: Receiver, query: str = f"code=abc%2A&state={STATE}") -> str:
    return f"{receiver.redirect_uri}?{query}"


def visit(pool: ThreadPoolExecutor, browser: httpx.Client, address: str) -> Future[httpx.Response]:
    return pool.submit(browser.get, address)


def test_the_browser_waits_until_it_is_known_what_came_of_it(pool: ThreadPoolExecutor, browser: httpx.Client) -> None:
    with listening() as receiver:
        visited = visit(pool, browser, callback(receiver))
        answer = receiver.wait(10)
        assert not visited.done()
        receiver.tell(DONE)
    page = visited.result()

    assert isinstance(answer, Granted)
    assert answer.code.get_secret_value() == "abc*"
    assert (page.status_code, page.headers["cache-control"], page.headers["referrer-policy"]) == (
        200,
        "no-store",
        "no-referrer",
    )
    assert "Connected &lt;b&gt;&amp;" in page.text
    assert "It is stored." in page.text


def test_the_page_needs_nothing_from_anywhere() -> None:
    text = DONE.encoded().decode()

    assert "http" not in text.replace("http-equiv", "")
    assert "<script" not in text
    assert "src=" not in text


def test_a_refusal_is_heard_too(pool: ThreadPoolExecutor, browser: httpx.Client) -> None:
    with listening() as receiver:
        visited = visit(pool, browser, callback(receiver, f"error=access_denied&state={STATE}"))
        assert receiver.wait(10) == Refused("access_denied")
        receiver.tell(failed("The login was cancelled."))

    assert visited.result().status_code == 400
    assert "The login was cancelled." in visited.result().text


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/favicon.ico", 404),
        ("/", 404),
        ("/callback", 404),
        (f"/callback/extra?code=abc&state={STATE}", 404),
        ("/callback/", 400),
        ("/callback/?code=abc&state=guess", 400),
        ("/callback/?code=abc", 400),
        (f"/callback/?state={STATE}", 400),
        (f"/callback/?code=abc&code=def&state={STATE}", 400),
    ],
)
def test_what_is_not_the_answer_is_turned_away_and_the_answer_still_heard(
    pool: ThreadPoolExecutor, browser: httpx.Client, target: str, status: int
) -> None:
    with listening() as receiver:
        turned = browser.get(receiver.redirect_uri.removesuffix("/callback/") + target)
        assert turned.status_code == status
        assert STATE not in turned.text
        visited = visit(pool, browser, callback(receiver))
        assert isinstance(receiver.wait(10), Granted)
        receiver.tell(DONE)

    assert visited.result().status_code == 200


def test_only_a_browsers_get_is_answered(browser: httpx.Client) -> None:
    with listening() as receiver:
        for method in ("POST", "HEAD", "PUT", "MARKED"):
            answer = browser.request(method, callback(receiver))
            assert answer.status_code == 501
            assert "MARKED" not in answer.text
        with pytest.raises(Unusable):
            receiver.wait(0.01)


def test_another_name_for_this_machine_is_no_way_in(browser: httpx.Client) -> None:
    with listening() as receiver:
        answer = browser.get(callback(receiver), headers={"Host": "rebound.example"})
        assert answer.status_code == 400
        with pytest.raises(Unusable):
            receiver.wait(0.01)


def test_a_second_callback_is_refused(pool: ThreadPoolExecutor, browser: httpx.Client) -> None:
    with listening() as receiver:
        first = visit(pool, browser, callback(receiver))
        receiver.wait(10)
        second = browser.get(callback(receiver, f"code=other&state={STATE}"))
        receiver.tell(DONE)

    assert (first.result().status_code, second.status_code) == (200, 409)


def test_of_many_at_once_one_is_heard(pool: ThreadPoolExecutor, browser: httpx.Client) -> None:
    with listening() as receiver:
        visits = [visit(pool, browser, callback(receiver, f"code=c{n}&state={STATE}")) for n in range(8)]
        receiver.wait(10)
        turned_away = [visited for _, visited in zip(range(7), as_completed(visits), strict=False)]
        assert {visited.result().status_code for visited in turned_away} == {409}
        receiver.tell(DONE)

    assert sorted(visited.result().status_code for visited in visits) == [200, *[409] * 7]


def test_a_browser_that_waits_is_told_the_error(pool: ThreadPoolExecutor, browser: httpx.Client) -> None:
    def story() -> None:
        with listening() as receiver:
            visits.append(visit(pool, browser, callback(receiver)))
            receiver.wait(10)
            raise Unusable("TikTok is <down>.")

    visits: list[Future[httpx.Response]] = []
    with pytest.raises(Unusable):
        story()

    assert (visits[0].result().status_code, "TikTok is &lt;down&gt;." in visits[0].result().text) == (400, True)


def test_a_browser_that_waits_learns_nothing_of_a_bug(pool: ThreadPoolExecutor, browser: httpx.Client) -> None:
    def story() -> None:
        with listening() as receiver:
            visits.append(visit(pool, browser, callback(receiver)))
            receiver.wait(10)
            raise ZeroDivisionError("secret-MARKED")

    visits: list[Future[httpx.Response]] = []
    with pytest.raises(ZeroDivisionError):
        story()

    assert "MARKED" not in visits[0].result().text
    assert "stopped before" in visits[0].result().text


def test_nobody_waits_for_ever() -> None:
    with listening() as receiver, pytest.raises(Unusable, match=r"within 0\.05 seconds.*registered"):
        receiver.wait(0.05)


def test_a_port_that_is_taken_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(Unusable, match=rf"port {port}.*another program.*--port"),
            Receiver(Redirect.here(port), state=STATE),
        ):
            pass


def test_it_listens_on_this_machine_alone_and_leaves_the_port_free() -> None:
    with listening() as receiver:
        port = int(receiver.redirect_uri.split(":")[2].split("/")[0])
        idle = socket.create_connection(("127.0.0.1", port))  # as browsers do, in case they need it later
        assert receiver._server is not None
        assert receiver._server.server_address[0] == "127.0.0.1"
    idle.close()

    with socket.create_server(("127.0.0.1", port)):
        assert "login" not in {thread.name for thread in threading.enumerate()}


def test_the_address_is_the_registered_one_host_and_path_included(
    pool: ThreadPoolExecutor, browser: httpx.Client
) -> None:
    with listening("http://localhost:*/cb") as receiver:
        assert receiver.redirect_uri.startswith("http://localhost:")
        assert receiver.redirect_uri.endswith("/cb")
        visited = visit(pool, browser, callback(receiver))
        receiver.wait(10)
        receiver.tell(DONE)

    assert visited.result().status_code == 200


def test_nothing_is_printed_whatever_knocks(capfd: pytest.CaptureFixture[str], browser: httpx.Client) -> None:
    with listening() as receiver:
        browser.get(f"{receiver.redirect_uri}?code=MARKED&state=x")
        port = int(receiver.redirect_uri.split(":")[2].split("/")[0])
        for noise in (b"\x16\x03\x01 MARKED\r\n\r\n", b"GET /MARKED\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n"):
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall(noise)
                line.shutdown(socket.SHUT_WR)
                while line.recv(4096):
                    continue

    assert capfd.readouterr() == ("", "")
