"""What is acknowledged lasts: documents and objects survive errors, races and kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from localaws.errors import AwsError
from localaws.s3.blobs import Objects, split_uri
from localaws.store import Store


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "state.db")
    yield made
    made.close()


@pytest.fixture
def objects(tmp_path):
    made = Objects(tmp_path)
    made.index.database.change("INSERT INTO bucket(name, created) VALUES('b', 0)")
    yield made
    made.close()


class TestDocuments:
    def test_create_get_update_delete(self, store):
        """
        A document is created once, merged at the top level, and gone when deleted.
        """
        assert store.create("job", "a", {"state": "new", "n": {"x": 1}})
        assert not store.create("job", "a", {"state": "other"})
        assert {"state": "done", "n": {"x": 1}} == store.update("job", "a", state="done")
        store.get("job", "a")["state"] = "only the copy"
        assert "done" == store.get("job", "a")["state"]
        assert store.delete("job", "a")
        assert not store.delete("job", "a")
        assert store.get("job", "a") is None
        with pytest.raises(KeyError, match="no job named 'a'"):
            store.update("job", "a", state="x")

    def test_order_of_creation(self, store):
        """
        Documents are listed in the order they were created, whatever is put over them later.
        """
        for name in ("c", "a", "b"):
            store.put("job", name, {"name": name})
        store.put("job", "c", {"name": "c2"})
        assert ["c2", "a", "b"] == [body["name"] for body in store.all("job")]
        assert [] == store.all("other")

    def test_a_failed_transaction_leaves_nothing(self, store):
        """
        An exception undoes every change of its transaction; an inner one only its own.
        """
        with pytest.raises(RuntimeError), store.transaction():
            store.put("job", "a", {})
            raise RuntimeError
        with store.transaction():
            store.put("job", "b", {})
            with pytest.raises(RuntimeError), store.transaction():
                store.put("job", "c", {})
                raise RuntimeError
        assert (None, {}, None) == tuple(store.get("job", name) for name in "abc")

    def test_many_threads_count_right(self, store):
        """
        Read-and-write steps of many threads lose no count.
        """
        store.put("counter", "n", {"value": 0})

        def count(_):
            with store.transaction():
                store.update("counter", "n", value=store.get("counter", "n")["value"] + 1)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(count, range(400)))
        assert {"value": 400} == store.get("counter", "n")

    def test_survives_kill(self, tmp_path):
        """
        Every document whose put returned is there after a kill -9.
        """
        script = (
            "import sys; from pathlib import Path; from localaws.store import Store\n"
            "store = Store(Path(sys.argv[1]))\n"
            "for n in range(10**6):\n"
            "    store.put('job', str(n), {'n': n}); print(n, flush=True)\n"
        )
        path = tmp_path / "state.db"
        writer = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE)
        told = [int(writer.stdout.readline()) for _ in range(300)]
        writer.send_signal(signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().split(b"\n")[:-1]]
        writer.wait()
        store = Store(path)
        assert set(told) <= {body["n"] for body in store.all("job")}
        store.close()


class TestObjectsInProcess:
    def test_put_list_get_delete(self, objects):
        """
        Objects in process have a read-only local file, sorted keys and metadata.
        """
        objects.put_bytes("b", "x/2", b"two", {"a": "1"})
        objects.put_bytes("b", "x/1", b"one")
        objects.put_bytes("b", "y", b"why")
        assert ["x/1", "x/2"] == [item.key for item in objects.list("b", "x/")]
        found = objects.get("b", "x/2")
        assert (b"two", 3, {"a": "1"}) == (found.path.read_bytes(), found.size, found.metadata)
        assert 0o444 == found.path.stat().st_mode & 0o777
        objects.delete("b", "x/2")
        with pytest.raises(AwsError) as caught:
            objects.get("b", "x/2")
        assert ("NoSuchKey", 404) == (caught.value.code, caught.value.status)
        with pytest.raises(AwsError, match="NoSuchBucket"):
            objects.list("none")
        assert (True, False) == (objects.bucket_exists("b"), objects.bucket_exists("none"))

    def test_put_file(self, objects, tmp_path):
        """
        A file is copied, or moved when asked; one that has other names is never shared with them.
        """
        source = tmp_path / "file"
        source.write_bytes(b"data")
        copied = objects.put_file("b", "copy", source)
        source.write_bytes(b"changed")
        assert b"data" == copied.path.read_bytes()
        os.link(source, tmp_path / "second-name")
        linked = objects.put_file("b", "linked", source, move=True)
        (tmp_path / "second-name").write_bytes(b"changed again")
        assert b"changed" == linked.path.read_bytes()
        source.write_bytes(b"alone")
        moved = objects.put_file("b", "moved", source, move=True)
        assert (b"alone", False) == (moved.path.read_bytes(), source.exists())

    def test_old_path_stays_readable_for_a_while(self, objects):
        """
        Who holds the path of a replaced or deleted object can still read it; later its space is given back.
        """
        old = objects.put_bytes("b", "k", b"old").path
        objects.put_bytes("b", "k", b"new")
        assert b"old" == old.read_bytes()
        objects.reclaim()
        assert not old.exists()
        assert b"new" == objects.get("b", "k").path.read_bytes()

    def test_leftovers_are_swept_at_start(self, objects, tmp_path):
        """
        A blob no row names, such as a half-written one, is gone after the next start.
        """
        kept = objects.put_bytes("b", "k", b"kept").path
        orphan = kept.with_name("f" * 32)
        orphan.write_bytes(b"half")
        objects.close()
        again = Objects(tmp_path)
        assert (True, False) == (kept.exists(), orphan.exists())
        again.close()

    def test_split_uri(self):
        """
        An S3 URI is a bucket and a key; anything else is refused.
        """
        assert ("b", "k/x") == split_uri("s3://b/k/x")
        assert ("b", "") == split_uri("s3://b")
        with pytest.raises(AwsError, match="not an S3 URI"):
            split_uri("/local/path")


def test_acknowledged_objects_survive_kill(start, connect, tmp_path):
    """
    After kill -9 amid writes, every acknowledged object is there and whole, and no other bytes are left.
    """
    state = tmp_path / "state"
    running = start(state)
    s3 = connect(running, "s3")
    s3.create_bucket(Bucket="bucket")
    told: dict[str, bytes] = {}
    enough = threading.Event()

    def write(worker: int) -> None:
        for number in range(10_000):
            key, body = f"{worker}/{number % 40}", os.urandom(50_000)
            try:
                s3.put_object(Bucket="bucket", Key=key, Body=body)
            except (BotoCoreError, ClientError):
                told.pop(key, None)  # it may have been stored, or not
                return
            told[key] = body
            if len(told) > 100:
                enough.set()

    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(write, worker) for worker in range(4)]
        assert enough.wait(60)
        running.process.kill()
        running.process.wait()
        for item in work:
            item.result()
    s3 = connect(start(state), "s3")
    assert len(told) > 90
    for key, body in told.items():
        assert body == s3.get_object(Bucket="bucket", Key=key)["Body"].read()
    blobs = list((state / "blobs").glob("??/*"))
    assert s3.list_objects_v2(Bucket="bucket")["KeyCount"] == len(blobs)
