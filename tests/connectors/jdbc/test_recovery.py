"""The jdbc sink when processes die, come back, or would not go; and when Postgres restarts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from tidemill.connectors.jdbc.connection import Login, connect
from tidemill.connectors.jdbc.options import parse
from tidemill.errors import ConnectorError, DoubtfulCommitError
from tidemill.model import types as t

pytestmark = pytest.mark.servers


def keyed(database, name):
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY, v text)")
    return database.table(name, {"id": t.INT, "v": t.STRING}, key=("id",))


def test_a_zombie_cannot_commit(database, name, job):
    table = keyed(database, name)
    zombie = database.group(table, job=job)
    zombie.open()
    database.write(zombie, 1, (table, [(1, "old")], None))
    zombie.writer(name).write(database.batch(table, [(2, "zombie")]))
    successor = database.group(table, job=job)
    assert successor.open() == 1
    zombie.prepare(2)
    with pytest.raises(ConnectorError) as caught:
        zombie.commit(2, {})
    assert caught.value.code == "connector.fenced"
    assert not caught.value.retryable
    zombie.abort()
    database.write(successor, 2, (table, [(2, "new")], None))
    assert database.rows(name) == [(1, "old"), (2, "new")]


def test_a_zombie_in_mid_transaction_holds_no_locks(database, name, job):
    table = keyed(database, name)
    zombie = database.group(table, job=job)
    zombie.open()
    zombie.writer(name).write(database.batch(table, [(1, "zombie")]))
    zombie.prepare(1)
    successor = database.group(table, job=job)
    assert successor.open() is None
    database.write(successor, 1, (table, [(1, "new")], None))
    with pytest.raises((ConnectorError, DoubtfulCommitError)):
        zombie.commit(1, {})
    assert database.rows(name) == [(1, "new")]


def test_another_job_is_not_fenced(database, name, job):
    table = keyed(database, name)
    one, two = database.group(table, job=job), database.group(table, job=f"{job}_2")
    one.open()
    two.open()
    database.write(one, 7, (table, [(1, "one")], None))
    database.write(two, 3, (table, [(2, "two")], None))
    assert database.rows(name) == [(1, "one"), (2, "two")]


def test_killed_between_prepare_and_commit(database, name, job):
    keyed(database, name)
    script = textwrap.dedent("""
        import os, signal, sys
        import pyarrow as pa
        from tidemill.connectors.jdbc.connector import CONNECTOR
        from tidemill.interfaces.connector import JobContext
        from tidemill.model import Batch, Column, Schema, TableDescriptor
        from tidemill.model import types as t
        url, user, table, job = sys.argv[1:]
        options = {"url": url, "username": user, "password": os.environ["PW"], "table-name": table}
        schema = Schema((Column("id", t.INT.with_nullable(False)), Column("v", t.STRING)))
        descriptor = TableDescriptor(table, schema, options, primary_key=("id",))
        group = CONNECTOR.commit_group([descriptor], JobContext(job, {}))
        group.open()
        for epoch in (1, 2):
            rows = pa.record_batch({"id": pa.array([epoch], pa.int32()), "v": pa.array(["x"])})
            group.writer(table).write(Batch(rows))
            group.prepare(epoch)
            if epoch == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            group.commit(epoch, {})
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, database.url, database.user, name, job],
        env={**os.environ, "PW": database.password}, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert database.rows(name) == [(1, "x")]
    table = database.table(name, {"id": t.INT, "v": t.STRING}, key=("id",))
    group = database.group(table, job=job)
    assert group.open() == 1
    database.write(group, 2, (table, [(2, "again")], None))
    assert database.rows(name) == [(1, "x"), (2, "again")]


def backend_of(database, group) -> int:
    return group._connection.info.backend_pid


def test_a_connection_lost_in_mid_epoch_is_retryable_and_the_group_goes_on(database, name, job):
    table = keyed(database, name)
    group = database.group(table, job=job)
    group.open()
    database.write(group, 1, (table, [(1, "a")], None))
    group.writer(name).write(database.batch(table, [(2, "b")]))
    group.prepare(2)
    database.run("SELECT pg_terminate_backend(%s, 5000)", backend_of(database, group))
    group.writer(name).write(database.batch(table, [(3, "c")]))
    with pytest.raises(ConnectorError) as caught:
        group.prepare(2)
    assert caught.value.retryable
    group.abort()
    database.write(group, 2, (table, [(2, "b"), (3, "c")], None))
    assert database.rows(name) == [(1, "a"), (2, "b"), (3, "c")]


def test_a_connection_lost_at_the_commit_is_not_in_doubt_before_it_is_sent(database, name, job):
    table = keyed(database, name)
    group = database.group(table, job=job)
    group.open()
    group.writer(name).write(database.batch(table, [(2, "b")]))
    group.prepare(1)
    database.run("SELECT pg_terminate_backend(%s, 5000)", backend_of(database, group))
    with pytest.raises(ConnectorError) as caught:
        group.commit(1, {})
    assert caught.value.retryable
    assert database.rows(name) == []


def test_a_connection_lost_during_the_commit_is_doubtful(database, name, job):
    database.run(
        f"CREATE TABLE {name} (id int PRIMARY KEY, v text);"
        f"CREATE FUNCTION {name}_die() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
        f"CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON tidemill_epochs DEFERRABLE INITIALLY "
        f"DEFERRED FOR EACH ROW WHEN (NEW.job LIKE '{job}/%%' AND NEW.epoch = 2) "
        f"EXECUTE FUNCTION {name}_die()"
    )  # fmt: skip
    table = database.table(name, {"id": t.INT, "v": t.STRING}, key=("id",))
    group = database.group(table, job=job)
    group.open()
    database.write(group, 1, (table, [(1, "a")], None))
    # the trigger must wait for the commit, which the sink's own setting would not let it do
    group.writer(name).write(database.batch(table, [(2, "b")]))
    group.prepare(2)
    group._connection.execute("SET CONSTRAINTS ALL DEFERRED")
    try:
        with pytest.raises(DoubtfulCommitError) as caught:
            group.commit(2, {})
    finally:
        database.run(f"DROP FUNCTION {name}_die() CASCADE")
    assert caught.value.code == "connector.doubtful-commit"
    again = database.group(table, job=job)
    assert again.open() == 1
    database.write(again, 2, (table, [(2, "b")], None))
    assert database.rows(name) == [(1, "a"), (2, "b")]


@pytest.fixture
def private_server():
    """A Postgres of this test alone, which it may kill."""
    conftest = next(m for m in list(sys.modules.values()) if hasattr(m, "Stack"))
    root = Path(tempfile.mkdtemp(prefix="tidemill-pg-"))
    stack = conftest.Stack(root / ".tidemill")
    try:
        yield stack, root
    finally:
        stack.stop()
        shutil.rmtree(root, ignore_errors=True)


def test_postgres_restarted_in_mid_epoch(private_server, request):
    stack, root = private_server
    database_class = type(request.getfixturevalue("database"))
    database = database_class(stack.endpoint("postgres"))
    table = keyed(database, "t")
    group = database.group(table, job="j")
    group.open()
    database.write(group, 1, (table, [(1, "a")], None))
    group.writer("t").write(database.batch(table, [(2, "b")]))
    group.prepare(2)
    (pid_file,) = root.rglob("postmaster.pid")
    pid = int(pid_file.read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    while psutil.pid_exists(group._connection.info.backend_pid):
        time.sleep(0.01)
    with pytest.raises(ConnectorError) as caught:
        group.commit(2, {})
    assert caught.value.retryable
    group.abort()
    database.admin.close()
    deadline = time.monotonic() + 60
    while True:
        try:
            group.writer("t").write(database.batch(table, [(2, "b"), (3, "c")]))
            group.prepare(2)
            group.commit(2, {})
            break
        except ConnectorError as error:
            assert error.retryable, error.render()
            assert time.monotonic() < deadline
            group.abort()
            time.sleep(0.2)
    database.admin = database.connect()
    assert database.rows("t") == [(1, "a"), (2, "b"), (3, "c")]
    group.close()
    database.admin.close()


def test_unreachable_and_refused_logins_say_so(database):
    good = database.table("x", {"id": t.INT})
    nobody = parse(
        database.table("x", {"id": t.INT}, url="jdbc:postgresql://127.0.0.1:1/db",
                       sink__max_retries="1")
    )  # fmt: skip
    with pytest.raises(ConnectorError) as caught:
        connect(Login.of(nobody), "test")
    assert caught.value.retryable
    assert caught.value.code == "connector.unreachable"
    cases = [({"password": "wrong-one"}, "connector.login-refused"),
             ({"url": good.options["url"] + "_missing"}, "connector.store-error")]  # fmt: skip
    for change, code in cases:
        wrong = parse(database.table("x", {"id": t.INT}, **change))
        with pytest.raises(ConnectorError) as caught:
            connect(Login.of(wrong), "test")
        assert caught.value.code == code
        assert not caught.value.retryable
        assert "wrong-one" not in caught.value.render()
        assert database.password not in caught.value.render()
    assert database.password not in repr(parse(good))
