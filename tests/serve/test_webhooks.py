"""Webhooks: made, signed, delivered through the queue, never to an internal address; and what operators are told."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text, update
from standardwebhooks import Webhook as Oracle

from cluster import tables, webhooks
from cluster.database import connect
from cluster.objects import LocalObjects
from cluster.outbound import check_url, is_public, post
from cluster.settings import settings
from dancecore.errors import DanceError
from serve.ingress.api import create_app
from serve.ingress.services import Services
from serve.worker import Worker
from tests.serve.conftest import Enter, Local, upload
from tests.serve.told import ToldClient

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Work = Callable[[], None]


@dataclass
class Receiver:
    """A program that waits for messages: what came, and what it answers next (200 when nothing is left)."""

    url: str
    messages: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.messages.append((self.path, {name.lower(): said for name, said in self.headers.items()}, body))
            self.send_response(found.answers.pop(0) if found.answers else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *said: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    found = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def work(pool: Engine, store: LocalObjects, local: Local) -> Work:
    """A function that does the jobs that are in the queue now, by a service that may reach this machine."""
    numbers = replace(settings().serve, job_backoff_s=0, notice_backoff_s=0, notices_at_once=1, webhook_internal=True)
    return lambda: asyncio.run(Worker(pool, store, local, numbers).run(wait=False))


@pytest.fixture
def ann(using: Services, enter: Enter) -> TestClient:
    """Of a service whose users may name addresses of this machine."""
    client = enter("ann")
    inside = replace(using.settings.serve, webhook_internal=True)
    app = create_app(replace(using, settings=using.settings.model_copy(update={"serve": inside})))
    return ToldClient(app, raise_server_exceptions=False, headers=client.headers)


def analyse(client: TestClient, clip: bytes) -> str:
    return str(client.post("/v1/analysis", json={"video_id": upload(client, clip)}).json()["job_id"])


def test_a_result_is_told_and_signed(ann: TestClient, clips: list[bytes], work: Work, receiver: Receiver) -> None:
    made = ann.post("/v1/webhooks", json={"url": receiver.url}).json()
    job = analyse(ann, clips[0])
    work()
    ((_, headers, body),) = receiver.messages
    said = Oracle(made["secret"]).verify(body, headers)  # Standard Webhooks' own library
    webhooks.verify(made["secret"], headers, body, datetime.now(UTC))
    shown = ann.get(f"/v1/analysis/{job}").json()
    assert (said["type"], headers["content-type"]) == ("job.done", "application/json")
    assert datetime.fromisoformat(said["timestamp"]).timestamp() * 1000 == shown["timeline"][-1]["ts"]
    segments = ann.get(f"/v1/videos/{shown['video_id']}/segments").json()["segments"]
    assert all(each["segment_id"] for each in segments)
    assert said["data"] == {
        "job_id": job, "video_id": shown["video_id"], "ts": shown["timeline"][-1]["ts"],
        "model_version": shown["versions"]["model"],
        "segments": segments,
    }  # fmt: skip


def test_a_failure_is_told_to_whom_it_concerns(
    ann: TestClient, enter: Enter, clips: list[bytes], work: Work, receiver: Receiver, local: Local
) -> None:
    ann.post("/v1/webhooks", json={"url": receiver.url, "events": ["job.done"]})
    secret = ann.post("/v1/webhooks", json={"url": receiver.url + "2", "events": ["job.failed"]}).json()["secret"]
    bob = TestClient(ann.app, headers=enter("bob").headers)
    bob.post("/v1/webhooks", json={"url": receiver.url + "/of-bob"})
    local.pose.error = DanceError("NO_PERSON", "nobody is seen")
    job = analyse(ann, clips[0])
    work()
    ((path, headers, body),) = receiver.messages
    said = Oracle(secret).verify(body, headers)
    assert (path, said["type"]) == ("/hook2", "job.failed")
    about = {name: said["data"][name] for name in ("job_id", "state", "reason", "detail")}
    assert about == {"job_id": job, "state": "FAILED", "reason": "NO_PERSON", "detail": "nobody is seen"}


def test_a_message_that_does_not_arrive_is_sent_again_the_same(
    ann: TestClient, clips: list[bytes], work: Work, receiver: Receiver
) -> None:
    ann.post("/v1/webhooks", json={"url": receiver.url})
    receiver.answers = [500, 302, 204]  # a redirect is not followed: it is no answer either
    analyse(ann, clips[0])
    work()
    assert [path for path, _, _ in receiver.messages] == ["/hook"] * 3
    assert len({(headers["webhook-id"], body) for _, headers, body in receiver.messages}) == 1


def test_after_all_attempts_it_is_given_up(
    ann: TestClient, clips: list[bytes], work: Work, receiver: Receiver, pool: Engine
) -> None:
    ann.post("/v1/webhooks", json={"url": receiver.url})
    receiver.answers = [500] * 100
    job = analyse(ann, clips[0])
    work()
    assert len(receiver.messages) == settings().serve.notice_attempts
    with connect(pool) as tx:
        assert tx.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE queue_name <> 'compositions'")) == 0
    assert ann.get(f"/v1/analysis/{job}").json()["state"] == "DONE"


def test_a_webhook_is_changed_and_removed(ann: TestClient, clips: list[bytes], work: Work, receiver: Receiver) -> None:
    made = ann.post("/v1/webhooks", json={"url": receiver.url}).json()
    shown = {name: said for name, said in made.items() if name != "secret"}
    assert ann.get("/v1/webhooks").json()["items"] == [shown]
    one = f"/v1/webhooks/{made['webhook_id']}"
    changed = ann.put(one, json={"url": receiver.url + "3", "events": ["job.done"]}).json()
    assert changed == shown | {"url": receiver.url + "3", "events": ["job.done"]}
    analyse(ann, clips[0])
    work()
    Oracle(made["secret"]).verify(receiver.messages[0][2], receiver.messages[0][1])
    assert receiver.messages[0][0] == "/hook3"
    analyse(ann, clips[1])
    assert ann.delete(one).status_code == 204
    work()
    assert len(receiver.messages) == 1
    assert ann.get("/v1/webhooks").json()["items"] == []


DAYS = settings().serve.webhook_failing_days
ATTEMPTS = settings().serve.notice_attempts


def days_later(pool: Engine, days: float) -> None:
    """As if so much time had gone by since a webhook began to fail."""
    with connect(pool) as tx:
        tx.execute(update(tables.webhooks).values(failing_since=tables.webhooks.c.failing_since - timedelta(days=days)))


def test_a_webhook_that_only_fails_is_switched_off_until_its_owner_wants_it(
    ann: TestClient, clips: list[bytes], work: Work, receiver: Receiver, pool: Engine
) -> None:
    made = ann.post("/v1/webhooks", json={"url": receiver.url}).json()
    (shown,) = ann.get("/v1/webhooks").json()["items"]
    assert (shown["disabled_at"], shown["disabled_reason"]) == (None, None)
    receiver.answers = [500] * ATTEMPTS + [404] * ATTEMPTS
    analyse(ann, clips[0])
    work()
    days_later(pool, DAYS)
    assert ann.get("/v1/webhooks").json()["items"] == [shown]  # time alone does not
    analyse(ann, clips[1])
    work()
    (off,) = ann.get("/v1/webhooks").json()["items"]
    assert datetime.fromisoformat(off["disabled_at"]) <= datetime.now(UTC)
    assert off["disabled_reason"] == f"nothing arrived for {DAYS:g} days; at last: it answered 404"
    job = analyse(ann, clips[2])
    work()
    assert len(receiver.messages) == 2 * ATTEMPTS
    again = ann.put(f"/v1/webhooks/{made['webhook_id']}", json={"url": receiver.url})
    assert again.json() == shown
    days_later(pool, DAYS)
    receiver.answers = [500]
    with connect(pool) as tx:
        webhooks.announce(tx, job, "job.done")
    work()
    assert len(receiver.messages) == 2 * ATTEMPTS + 2
    assert ann.get("/v1/webhooks").json()["items"] == [shown]


def test_a_webhook_that_works_now_and_then_stays_on(
    ann: TestClient, clips: list[bytes], work: Work, receiver: Receiver, pool: Engine
) -> None:
    """As does one that failed for long and then takes a message at its last attempt."""
    ann.post("/v1/webhooks", json={"url": receiver.url})
    receiver.answers = [500] * ATTEMPTS + [500] * (ATTEMPTS - 1) + [200] + [500] * ATTEMPTS
    for clip in clips:
        analyse(ann, clip)
        work()
        days_later(pool, DAYS - 0.1)
    assert len(receiver.messages) == 3 * ATTEMPTS
    assert ann.get("/v1/webhooks").json()["items"][0]["disabled_at"] is None


def test_messages_on_their_way_to_what_is_switched_off_are_not_sent(
    ann: TestClient, clips: list[bytes], work: Work, receiver: Receiver, pool: Engine
) -> None:
    made = ann.post("/v1/webhooks", json={"url": receiver.url}).json()["webhook_id"]
    analyse(ann, clips[0])
    assert not webhooks.failed(pool, made, "x", timedelta(0), given_up=False)
    assert webhooks.failed(pool, made, "x", timedelta(0), given_up=True)
    assert not webhooks.failed(pool, made, "y", timedelta(0), given_up=True)
    work()
    assert receiver.messages == []
    assert ann.get("/v1/webhooks").json()["items"][0]["disabled_reason"] == "x"


def test_what_its_owner_reads_tells_nothing_of_our_network(
    ann: TestClient, clips: list[bytes], pool: Engine, store: LocalObjects, local: Local
) -> None:
    """A name may mean an internal address here, which is ours to know."""
    made = ann.post("/v1/webhooks", json={"url": "http://localhost:9/hook"}).json()["webhook_id"]
    webhooks.failed(pool, made, "", timedelta(0), given_up=False)
    days_later(pool, DAYS)
    numbers = replace(settings().serve, job_backoff_s=0, notice_backoff_s=0, notices_at_once=1, webhook_internal=False)
    analyse(ann, clips[0])
    asyncio.run(Worker(pool, store, local, numbers).run(wait=False))
    said = ann.get("/v1/webhooks").json()["items"][0]["disabled_reason"]
    assert said == f"nothing arrived for {DAYS:g} days; at last: no answer"


def test_a_user_has_only_so_many(ann: TestClient) -> None:
    most = settings().serve.webhooks_most
    answers = [ann.post("/v1/webhooks", json={"url": "https://example.org"}).status_code for _ in range(most + 1)]
    assert answers == [201] * most + [403]


def test_operators_are_told_of_failures(
    ann: TestClient, clips: list[bytes], work: Work, receiver: Receiver, local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANCEAPP_SLACK_URL", receiver.url + "/slack")
    monkeypatch.setenv("DANCEAPP_DISCORD_URL", receiver.url + "/discord")
    settings.cache_clear()
    local.pose.error = DanceError("NO_PERSON", "nobody <&> @everyone")
    job = analyse(ann, clips[0])
    local.pose.error = None
    video = ann.get(f"/v1/analysis/{job}").json()["video_id"]
    local.pose.error = DanceError("NO_PERSON", "nobody <&> @everyone")
    work()
    settings.cache_clear()
    said = {path: json.loads(body) for path, _, body in receiver.messages}
    line = f"DanceApp: {job} of {video} failed: NO_PERSON: nobody "
    assert said == {
        "/hook/slack": {"text": line + "&lt;&amp;&gt; @everyone"},
        "/hook/discord": {"content": line + "<&> @everyone", "allowed_mentions": {"parse": []}},
    }


def test_the_secret_is_seen_once_and_signs_as_the_standard_has_it() -> None:
    body = b'{"test": 2432232314}'
    sent = datetime.fromtimestamp(1614265330, UTC)
    headers = webhooks.signed(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", sent, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="  # the standard's example
    webhooks.verify(SECRET, headers, body, sent)


REFUSED: dict[str, tuple[dict[str, str], bytes, timedelta]] = {
    "another body": ({}, b"{ }", timedelta(0)),
    "another id": ({"webhook-id": "msg_2"}, b"{}", timedelta(0)),
    "no signature": ({"webhook-signature": ""}, b"{}", timedelta(0)),
    "another scheme": ({"webhook-signature": "v2,AAAA"}, b"{}", timedelta(0)),
    "too old": ({}, b"{}", webhooks.TOLERANCE + timedelta(seconds=1)),
    "from the future": ({}, b"{}", -webhooks.TOLERANCE - timedelta(seconds=1)),
    "no time": ({"webhook-timestamp": "now"}, b"{}", timedelta(0)),
}


@pytest.mark.parametrize(("changed", "body", "later"), REFUSED.values(), ids=REFUSED)
def test_messages_that_are_not_to_be_trusted(changed: dict[str, str], body: bytes, later: timedelta) -> None:
    headers = webhooks.signed(SECRET, "msg_1", NOW, b"{}")
    webhooks.verify(SECRET, headers, b"{}", NOW + webhooks.TOLERANCE)
    with pytest.raises(DanceError, match="UNAUTHENTICATED"):
        webhooks.verify(SECRET, headers | changed, body, NOW + later)


INTERNAL = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::",
)  # fmt: skip


@pytest.mark.parametrize("address", INTERNAL)
def test_an_internal_address(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_a_public_address(address: str) -> None:
    assert is_public(ip_address(address))


URLS = (
    "http://example.org/", "ftp://example.org/", "https://", "https://ann:pw@example.org/", "https://127.0.0.1/",
    "https://[::1]/", "https://10.0.0.1:8443/x", "https://example.org:x/", "javascript:alert(1)", "https://[::1",
)  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_addresses_that_are_refused_at_once(enter: Enter, url: str) -> None:
    answer = enter("ann").post("/v1/webhooks", json={"url": url})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INVALID_INPUT")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "rebound.example.org"])
def test_no_name_leads_inside(host: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a name is resolved to, now or later: what counts is where the socket goes."""
    resolve = socket.getaddrinfo

    def rebound(name: Any, *more: Any, **named: Any) -> Any:
        return resolve("127.0.0.1" if name == "rebound.example.org" else name, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    url = receiver.url.replace("127.0.0.1", host)
    with pytest.raises(DanceError, match=r"UNREACHABLE.*internal address"):
        asyncio.run(post(url, b"{}", {}, 5))
    assert receiver.messages == []
    assert asyncio.run(post(url, b"{}", {}, 5, internal=True)) == 200  # it was there all the time


def test_names_are_looked_at_when_they_are_used() -> None:
    check_url("https://rebound.example.org/hook")
