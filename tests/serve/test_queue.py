"""Who comes first in the queue, how much one user may have, what is analysed anew, and what is done by the clock."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from cluster import accounts, analyses, quotas, rates
from cluster.database import connect
from cluster.ids import job_id
from cluster.objects import LocalObjects
from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.types import Versions
from serve.ingress.api import create_app
from serve.ingress.services import Services
from serve.upkeep import Upkeep
from serve.worker import Worker
from tests.serve.conftest import Enter, Local, sha, upload
from tests.serve.told import ToldClient

OLD = Versions("bp-1", "fv-1", "mv-1", "tx-0.1")
ANALYSED = (
    "INSERT INTO analysis_jobs (id, video, pose_version, feature_version, model_version, taxonomy_version, state)"
    " VALUES (:job, :id, 'bp-1', 'fv-1', 'mv-1', 'tx-0.1', 'DONE')"
)
NEW = replace(OLD, model="mv-2")
Add = Callable[..., list[str]]


@pytest.fixture
def add(pool: Engine) -> Add:
    """A function that makes so many videos of a user, analysed at OLD if told so; their ids."""
    numbers = itertools.count()

    def make(handle: str, count: int, indexed: bool = False) -> list[str]:
        known = accounts.user_by_email(pool, f"{handle}@example.org")
        user = known[0] if known else accounts.register(pool, f"{handle}@example.org", handle, None)
        made = [f"vid_{next(numbers)}_{handle}" for _ in range(count)]
        with connect(pool) as tx:
            for video in made:
                row = {"id": video, "user": user.user_id, "job": job_id(video, OLD), "sha": sha(video.encode())}
                new = "INSERT INTO videos (id, owner, filename, sha256, bytes) VALUES (:id, :user, 'a.mp4', :sha, 10)"
                tx.execute(text(new), row)
                if indexed:
                    tx.execute(text(ANALYSED), row)
                    tx.execute(text("UPDATE videos SET indexed_by = :job WHERE id = :id"), row)
        return made

    return make


def taken(pool: Engine, count: int, *, finish: bool = True) -> str:
    """Take so many jobs as a worker would; the first letter of whose each was."""
    found = ""
    with connect(pool) as tx:
        for _ in range(count):
            job = tx.execute(text("SELECT id, args FROM procrastinate_fetch_job_v2(ARRAY['analysis'], NULL)")).one()
            query = text("SELECT video FROM analysis_jobs WHERE id = :id")
            found += str(tx.scalar(query, {"id": job.args["job_id"]})).rpartition("_")[2][0]
            if finish:
                tx.execute(text("SELECT procrastinate_finish_job_v1(:id, 'succeeded', true)"), {"id": job.id})
    return found


def ask(pool: Engine, videos: Sequence[str], **how: bool) -> None:
    for video in videos:
        analyses.request(pool, video, NEW, **how)


def test_one_with_a_hundred_does_not_keep_another_waiting(pool: Engine, add: Add) -> None:
    ask(pool, add("ann", 100))
    assert taken(pool, 10) == "a" * 10
    ask(pool, add("bob", 3))
    assert taken(pool, 8) in ("abababaa", "babababa")
    assert taken(pool, 85) == "a" * 85


def test_who_comes_again_and_again_waits_one_turn_each_time(pool: Engine, add: Add) -> None:
    ask(pool, add("ann", 30))
    found = ""
    for video in add("bob", 6):
        ask(pool, [video])
        found += taken(pool, 2)
    assert found.count("b") == 6
    assert found.count("a") == 6


def test_three_take_turns_whoever_came_first(pool: Engine, add: Add) -> None:
    for handle in ("ann", "bob", "cid"):
        ask(pool, add(handle, 20))
    found = taken(pool, 60)
    for n in range(3, 60, 3):
        assert max(found[:n].count(each) for each in "abc") - min(found[:n].count(each) for each in "abc") <= 1


def test_what_waits_for_another_attempt_makes_nobody_first(pool: Engine, add: Add) -> None:
    ask(pool, add("ann", 20))
    taken(pool, 1, finish=False)
    with connect(pool) as tx:  # it failed, an hour ago in turns
        tx.execute(
            text(
                "UPDATE procrastinate_jobs SET status = 'todo', attempts = 1, scheduled_at = now() + interval '1 h'"
                " WHERE status = 'doing'"
            )
        )
    taken(pool, 9)
    ask(pool, add("bob", 10))
    assert taken(pool, 10).count("a") == 5


def test_the_background_waits_for_all_others(pool: Engine, add: Add) -> None:
    ask(pool, add("ann", 3, indexed=True), background=True)
    ask(pool, add("bob", 3, indexed=True), background=True)
    ask(pool, add("cid", 2))
    assert taken(pool, 8) in ("ccababab", "ccbababa")


def test_a_user_has_only_so_many_analyses_waiting(
    using: Services, enter: Enter, clips: list[bytes], pool: Engine
) -> None:
    few = replace(using.settings.serve, analyses_queued=1)
    app = create_app(replace(using, settings=using.settings.model_copy(update={"serve": few})))
    ann, bob = (TestClient(app, headers=enter(handle).headers) for handle in ("ann", "bob"))
    first, second = (upload(ann, clip) for clip in clips[:2])
    assert ann.post("/v1/analysis", json={"video_id": first}).status_code == 202
    answer = ann.post("/v1/analysis", json={"video_id": second})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "QUOTA_EXCEEDED")
    assert ann.post("/v1/analysis", json={"video_id": first}).status_code == 202  # the same one
    assert bob.post("/v1/analysis", json={"video_id": upload(bob, clips[2])}).status_code == 202
    taken(pool, 2)
    assert ann.post("/v1/analysis", json={"video_id": second}).status_code == 202


STEP = {"order_idx": 0, "move_id": "mv_floss", "duration_beats": 4}


def dance(client: TestClient) -> str:
    """Where to ask for work on a composition of theirs."""
    kept = client.post("/v1/compositions", json={"title": "a", "bpm": 112, "steps": [STEP]}).json()
    return f"/v1/compositions/{kept['composition_id']}"


def test_a_user_has_only_so_many_exports_and_comparisons_waiting(
    using: Services, enter: Enter, clips: list[bytes], pool: Engine
) -> None:
    few = replace(using.settings.serve, exports_queued=2)
    app = create_app(replace(using, settings=using.settings.model_copy(update={"serve": few})))
    ann, bob = (ToldClient(app, headers=enter(handle).headers) for handle in ("ann", "bob"))
    of_ann, of_bob, take = dance(ann), dance(bob), {"video_id": upload(ann, clips[0])}
    assert ann.post(f"{of_ann}/export", json={"formats": ["json"]}).status_code == 202
    assert ann.post(f"{of_ann}/compare", json=take).status_code == 202
    for answer in (ann.post(f"{of_ann}/export", json={}), ann.post(f"{of_ann}/compare", json=take)):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "QUOTA_EXCEEDED")
    assert bob.post(f"{of_bob}/export", json={"formats": ["json"]}).status_code == 202
    with connect(pool) as tx:
        done = "DELETE FROM procrastinate_jobs WHERE args->>'job_id' LIKE 'cpr_%'"
        tx.execute(text(done))
    assert ann.post(f"{of_ann}/compare", json=take).status_code == 202


def test_users_take_turns_with_exports_and_comparisons_after_what_is_learned(
    enter: Enter, clips: list[bytes], pool: Engine
) -> None:
    ann, bob = enter("ann"), enter("bob")
    of_ann, of_bob, take = dance(ann), dance(bob), {"video_id": upload(ann, clips[0])}
    for _ in range(3):
        ann.post(f"{of_ann}/compare", json=take)
        ann.post(f"{of_ann}/export", json={"formats": ["json"]})
    for _ in range(2):
        bob.post(f"{of_bob}/export", json={"formats": ["json"]})
    upload(bob, clips[1])
    with connect(pool) as tx:
        fetched = text("SELECT task_name, args FROM procrastinate_fetch_job_v2(ARRAY['compositions'], NULL)")
        taken = [tx.execute(fetched).one() for _ in range(10)]
    owners = {bob.get("/v1/me").json()["user_id"]: "b", ann.get("/v1/me").json()["user_id"]: "a"}
    order = "".join(owners[job.args["owner"]] if job.task_name == "composition" else "l" for job in taken)
    assert order == "lablabaaaa", "what is learned waits for those at most whose first turn it is"


def test_a_user_has_only_so_many_bytes_stored(using: Services, enter: Enter, clips: list[bytes]) -> None:
    little = replace(using.settings.serve, stored_bytes=len(clips[0]) + 10)
    app = create_app(replace(using, settings=using.settings.model_copy(update={"serve": little})))
    ann = TestClient(app, raise_server_exceptions=False, headers=enter("ann").headers)
    kept = upload(ann, clips[0])
    with pytest.raises(AssertionError, match="QUOTA_EXCEEDED"):
        upload(ann, clips[1])
    ann.delete(f"/v1/videos/{kept}")
    assert upload(ann, clips[1])


def test_bytes_of_others_and_what_is_deleted_do_not_count(pool: Engine, add: Add) -> None:
    add("ann", 3)
    add("bob", 1)
    users = {handle: accounts.user_by_email(pool, f"{handle}@example.org") for handle in ("ann", "bob")}
    ann, bob = (found[0].user_id for found in users.values() if found)
    with connect(pool) as tx:
        quotas.check_stored(tx, bob, 20, 30)
        with pytest.raises(DanceError, match="QUOTA_EXCEEDED"):
            quotas.check_stored(tx, ann, 1, 30)
        quotas.check_stored(tx, ann, 10, 30, but="vid_0_ann")
        tx.execute(text("UPDATE videos SET deleted_at = now() WHERE id = 'vid_0_ann'"))
        quotas.check_stored(tx, ann, 10, 30)


NOON = datetime(2026, 7, 1, 12, 0, 30, tzinfo=UTC)


def test_rates_are_counted_for_all_replicas_together(pool: Engine) -> None:
    def hit(name: str, now: datetime) -> rates.Rate:
        with connect(pool) as tx:
            return rates.hit(tx, name, now)

    counts = [hit(name, NOON) for name in ("ann", "ann", "bob")]
    assert [(each.count, each.reset_s) for each in counts] == [(1, 30), (2, 30), (1, 30)]
    assert hit("ann", NOON + timedelta(seconds=29)).count == 3
    assert hit("ann", NOON + timedelta(seconds=30)).count == 1
    rates.forget_before(pool, NOON)
    with connect(pool) as tx:
        assert tx.scalar(text("SELECT count(*) FROM rates")) == 1


def test_another_model_names_what_is_outdated_in_the_background(
    enter: Enter, clips: list[bytes], pool: Engine, store: LocalObjects, local: Local
) -> None:
    work = Worker(pool, store, local, settings().serve)
    ann, bob, root = enter("ann"), enter("bob"), enter("root", "admin")
    videos = [upload(ann, clips[0]), upload(ann, clips[1]), upload(bob, clips[2])]
    for client, video in zip((ann, ann, bob), videos, strict=True):
        client.post("/v1/analysis", json={"video_id": video})
    asyncio.run(work.run(wait=False))
    assert ann.post("/v1/analysis/outdated", json={}).json() == {"queued": 0, "left": 0}
    local.moves.rename("mv-next.1")
    assert ann.post("/v1/analysis/outdated", json={"everybody": True}).status_code == 403
    assert ann.post("/v1/analysis/outdated", json={}).json() == {"queued": 2, "left": 0}
    assert root.post("/v1/analysis/outdated", json={"everybody": True}).json() == {"queued": 1, "left": 0}
    assert root.post("/v1/analysis/outdated", json={"everybody": True}).json() == {"queued": 0, "left": 0}
    asyncio.run(work.run(wait=False))
    for client, video in zip((ann, ann, bob), videos, strict=True):
        found = client.get(f"/v1/videos/{video}/segments").json()["segments"]
        assert {part["versions"]["model"] for part in found} == {"mv-next.1"}
    assert local.pose.seen == 3  # poses are not looked for again


def test_what_waits_while_its_model_is_replaced_is_asked_for_anew(
    enter: Enter, clips: list[bytes], pool: Engine, store: LocalObjects, local: Local
) -> None:
    ann = enter("ann")
    video = upload(ann, clips[0])
    job = ann.post("/v1/analysis", json={"video_id": video}).json()["job_id"]
    local.moves.rename("mv-next.1")
    asyncio.run(Worker(pool, store, local, settings().serve).run(wait=False))
    assert ann.get(f"/v1/analysis/{job}").json()["reason"] == "MODEL_REPLACED"
    shown = ann.get(f"/v1/videos/{video}").json()["analysis"]
    assert (shown["state"], shown["job_id"] != job) == ("DONE", True)


def test_by_the_clock_what_is_out_of_date_goes_and_the_canary_is_judged(
    enter: Enter, clips: list[bytes], pool: Engine, store: LocalObjects, caplog: pytest.LogCaptureFixture
) -> None:
    ann = enter("ann")
    video = upload(ann, clips[0])
    ann.delete(f"/v1/videos/{video}")
    with connect(pool) as tx:
        tx.execute(text("UPDATE videos SET deleted_at = now() - interval '31 days'"))
        tx.execute(text("INSERT INTO rates VALUES ('ann', now() - interval '2 hours', 1)"))
    often = replace(settings().serve, tidy_cron="* * * * *", judge_cron="* * * * *")
    upkeep = Upkeep(pool, store, settings().model_copy(update={"serve": often}))
    asyncio.run(until_done(upkeep, pool))
    assert store.keys(f"videos/{video}") == []
    with connect(pool) as tx:
        assert tx.scalar(text("SELECT count(*) FROM videos")) == 0
        assert tx.scalar(text("SELECT count(*) FROM rates WHERE name = 'ann'")) == 0
        tasks = tx.scalars(text("SELECT DISTINCT task_name FROM procrastinate_periodic_defers")).all()
    assert set(tasks) == {"tidy", "judge"}
    assert caplog.messages == []  # no canary is nothing to tell


async def until_done(upkeep: Upkeep, pool: Engine) -> None:
    """Let the clock's tasks of this minute be put into the queue and be done."""
    running = asyncio.create_task(upkeep.run())
    counted = text("SELECT count(*) FROM procrastinate_periodic_defers")
    done = text("SELECT count(*) FROM procrastinate_jobs")
    for _ in range(600):
        await asyncio.sleep(0.1)
        with connect(pool) as tx:
            if tx.scalar(counted) == 2 and tx.scalar(done) == 0:
                break
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
