"""No secret of Redis or of an S3 store gets out, nor a password that is written out in SQL."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from tests.security.test_canary import files, leaks, watched
from tests.stores.conftest import s3_options

from tidemill.stores import open_store

__all__ = ["watched"]  # a fixture
pytestmark = pytest.mark.servers

SOURCE = """CREATE TABLE i (a INT) WITH ('connector' = 'datagen', 'number-of-rows' = '20',
  'fields.a.min' = '1', 'fields.a.max' = '9');
"""
REDIS = """CREATE TABLE r (a INT, n BIGINT, PRIMARY KEY (a) NOT ENFORCED) WITH (
  'connector' = 'redis', 'url' = '{url}', 'username' = '{user}', 'password' = '{password}',
  'key' = '{key}:{{a}}', 'sink.max-retries' = '0', 'connection.max-retry-timeout' = '1 s');
"""
S3 = """CREATE TABLE s (a INT) WITH ('connector' = 'filesystem', 'format' = 'json',
  'path' = 's3://{bucket}/{prefix}/', 's3.secret-key' = '{secret}');
"""
INTO_REDIS = "INSERT INTO r SELECT a, COUNT(*) FROM i GROUP BY a;\n"
INTO_S3 = "INSERT INTO s SELECT a FROM i;\n"


def test_no_secret_of_redis_or_s3_gets_out(
    small_stack: Any, redis_endpoint: Any, unique_name: Callable[[str], str], tmp_path: Path,
    watched: dict[str, bytes],
) -> None:  # fmt: skip
    """Through runs that work and that are refused; `literal` has its password in the text."""
    s3, key = small_stack.endpoint("s3"), unique_name("canary")
    redis_secret, s3_secret = redis_endpoint.secrets["password"], s3.secrets["secret-key"]
    client: Any = Redis.from_url(
        redis_endpoint.properties["url"], username=redis_endpoint.properties["user"],
        password=redis_secret, decode_responses=True,
    )  # fmt: skip
    literal_user, literal = key[:40], "lit" + unique_name("eral")
    client.acl_setuser(literal_user, enabled=True, passwords=[f"+{literal}"], keys=["*"],
                       commands=["+@all"])  # fmt: skip

    def redis(password: str, user: str = redis_endpoint.properties["user"]) -> str:
        url = redis_endpoint.properties["url"]
        return REDIS.format(url=url, user=user, password=password, key=key)

    def in_s3(secret: str, bucket: str = "lake") -> str:
        return S3.format(bucket=bucket, prefix=key, secret=secret)

    texts = {
        "good": redis("${secret:cache.password}") + in_s3("${secret:s3.secret-key}")
        + f"EXECUTE STATEMENT SET BEGIN\n{INTO_REDIS}{INTO_S3}END;\n",
        "wrong": redis("${secret:cache.password}", "nobody") + INTO_REDIS,
        "refused": in_s3("${secret:s3.secret-key}", "no-such-bucket") + INTO_S3,
        "literal": redis(literal, literal_user) + INTO_REDIS,
        "literal_wrong": redis(literal, "nobody") + INTO_REDIS,
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / f"{name}.sql").write_text(SOURCE + text)
    (tmp_path / "tidemill.yaml").write_text(
        f"name: {key.replace('_', '-')}\npipelines: ['*.sql']\nconnections:\n"
        "  cache: {host: x, password: '${env:CACHE_PASSWORD}'}\n"
        f"  s3: {{endpoint: '{s3.properties['endpoint']}', region: us-east-1,\n"
        f"    access-key: {s3.properties['access-key']}, secret-key: '${{env:LAKE_SECRET_KEY}}'}}\n"
    )
    env = {**os.environ, "CACHE_PASSWORD": redis_secret, "LAKE_SECRET_KEY": s3_secret,
           "TIDEMILL_DEBUG": "1", "COLUMNS": "200"}  # fmt: skip
    said: dict[str, bytes] = {}

    def tidemill(*arguments: str, code: int) -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "tidemill.cli", *arguments], cwd=tmp_path, env=env,
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        said[" ".join(arguments)] = done.stdout + done.stderr
        assert (done.returncode != 0) == (code != 0), said
        return done.stdout + done.stderr

    try:
        tidemill("run", "good", "--json", code=0)
        tidemill("run", "wrong", "--json", code=3)
        tidemill("run", "refused", "--json", code=3)
        assert b"written out in SQL" in tidemill("run", "literal", code=0)
        tidemill("run", "literal_wrong", "--json", code=3)
        tidemill("explain", "literal", "--json", code=0)
    finally:
        client.acl_deluser(literal_user)
    stored = {name: repr(client.hgetall(name)).encode() for name in client.keys(f"{key}:*")}
    store = open_store("s3://lake", s3_options(s3))
    objects = {entry.key: store.get(entry.key) for entry in store.list(f"{key}/")}
    assert stored and objects, "they did their work"
    places = {**said, **stored, **objects, **files(tmp_path), **watched}
    assert any(".tidemill" in place for place in places)
    for canary in (redis_secret, s3_secret):
        assert leaks(canary, places) == []
    # Where it was written, and in the private copy of the text with which that version ran.
    kept = {name for name in leaks(literal, places) if "/texts/" not in name}
    assert kept == {"literal.sql", "literal_wrong.sql"}
