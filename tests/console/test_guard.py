"""Every route of the console, and its live channel: who is let in, and who is not."""

import json
import re
from pathlib import Path

import pytest
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tidemill.console.api.groups_of_routes import READS
from tidemill.console.app import api_app, guarded_app
from tidemill.console.hub import Hub
from tidemill.console.pages.all_pages import PAGES
from tidemill.console.security.guard import PUBLIC, Gate
from tidemill.console.security.rate_limit import FAILURES_MAX, WINDOW_S, LoginLimit
from tidemill.console.security.sessions import IDLE_S, Sessions
from tidemill.console.server import ConsoleSettings, serve
from tidemill.errors import UserError

OPERATOR, VIEWER = "operator-token-of-the-test", "viewer-token-of-the-test"
BASE = "http://127.0.0.1:8642"


def hub_of(folder: Path, **sessions) -> Hub:
    known = Sessions(**sessions)
    known.allow(OPERATOR, "operator")
    known.allow(VIEWER, "viewer")
    return Hub(folder, Gate(known, frozenset({"127.0.0.1", "localhost"}), 8642, reads=READS))


def client_at(app) -> TestClient:
    return TestClient(app, base_url=BASE, follow_redirects=False, raise_server_exceptions=False)


def client_of(hub: Hub) -> TestClient:
    return client_at(guarded_app(hub, pages=False))


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Hub:
    folder = tmp_path_factory.mktemp("project")
    (folder / "pipelines").mkdir()
    (folder / "tidemill.yaml").write_text("name: shop\npipelines: [pipelines/*.sql]\n")
    (folder / "pipelines" / "sales.sql").write_text(
        "CREATE TABLE a (x INT) WITH ('connector' = 'datagen');\n"
        "CREATE TABLE b (x INT) WITH ('connector' = 'blackhole');\n"
        "INSERT INTO b SELECT x FROM a WHERE x > 3;\n"
    )
    return hub_of(folder)


@pytest.fixture(scope="module")
def app(hub):
    return guarded_app(hub, pages=False)


@pytest.fixture
def client(app) -> TestClient:
    return client_at(app)


@pytest.fixture(scope="module")
def read_only_app(tmp_path_factory):
    return guarded_app(hub_of(tmp_path_factory.mktemp("look"), read_only=True), pages=False)


def _flat(routes):
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from [route] if inner is None else _flat(inner.routes)


def _routes() -> list[tuple[str, str]]:
    """Every route of the app, so that a new one cannot be forgotten, and every page."""
    found = []
    for route in _flat(api_app(hub_of(Path("nowhere"))).routes):
        if isinstance(route, Mount):
            found.append(("GET", route.path + "/file"))
            continue
        path = re.sub(r"\{[^}]+\}", "x", route.path)
        found += [(method, path) for method in sorted(route.methods)]
    found += [("GET", re.sub(r"\{[^}]+\}", "x", page)) for page in PAGES]
    return [(method, path) for method, path in found if path not in PUBLIC]


ROUTES = _routes()
CHANGES = [(m, p) for m, p in ROUTES if m not in ("GET", "HEAD") and p not in READS]


def test_the_list_of_routes_is_whole():
    assert len(ROUTES) > 30 and len(CHANGES) >= 12
    assert ("GET", "/metrics") in ROUTES and ("GET", "/api/v1/openapi.json") in ROUTES


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nothing_is_answered_without_a_token(client, method, path):
    answer = client.request(method, path, headers={"origin": BASE})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nothing_is_answered_with_a_wrong_scheme_or_token(client, method, path):
    for given in (
        "Basic {}",
        "Token {}",
        "{}",
        "Bearer ",
        "Bearer wrong",
        "Bearer {}x",
        "Bearer é",
    ):
        headers = {"authorization": given.format(OPERATOR).encode(), "origin": BASE}
        answer = client.request(method, path + f"?token={OPERATOR}", headers=headers)
        assert answer.status_code == 401


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_viewer_changes_nothing(client, method, path):
    answer = client.request(method, path, headers={"authorization": f"Bearer {VIEWER}"})
    assert (answer.status_code, "viewer" in answer.text) == (403, True)


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_read_only_console_has_no_operators(read_only_app, method, path):
    client = client_at(read_only_app)
    answer = client.request(method, path, headers={"authorization": f"Bearer {OPERATOR}"})
    assert answer.status_code == 403


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_browser_must_send_its_csrf_token_from_our_origin(client, method, path):
    log_in(client)
    assert client.request(method, path, headers={"origin": BASE}).status_code == 403
    wrong = {"origin": BASE, "x-csrf-token": "x" * 32}
    assert client.request(method, path, headers=wrong).status_code == 403
    csrf = client.get("/api/v1/session").json()["csrf_token"]
    for origin in ("http://evil.example", "https://127.0.0.1:8642", "http://127.0.0.1:1", "null"):
        headers = {"origin": origin, "x-csrf-token": csrf}
        assert client.request(method, path, headers=headers).status_code == 403
    assert client.request(method, path, headers={"x-csrf-token": csrf}).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example:8642", "127.0.0.1:1", "127.0.0.1", "", "[::2]:8642"]
)
def test_other_hosts_are_refused_also_with_a_token(client, host):
    headers = {"host": host, "authorization": f"Bearer {OPERATOR}"}
    assert client.get("/api/v1/session", headers=headers).status_code == 421
    assert client.get("/login", headers={"host": host}).status_code == 421


def log_in(client, token=OPERATOR, target="/"):
    return client.post("/login", data={"token": token, "next": target}, headers={"origin": BASE})


def test_a_session_is_a_cookie_that_no_script_and_no_other_site_gets(client):
    answer = log_in(client, target="/topics?search=a")
    assert (answer.status_code, answer.headers["location"]) == (303, "/topics?search=a")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    session = client.get("/api/v1/session").json()
    assert session["role"] == "operator"
    headers = {"origin": BASE, "x-csrf-token": session["csrf_token"]}
    checked = client.post("/api/v1/check", json={"text": "SELECT 1 FROM"}, headers=headers)
    assert checked.status_code == 200 and checked.json()["ok"] is False
    assert client.post("/api/v1/session/logout", headers=headers).status_code == 200
    client.cookies.set("tidemill_8642", cookie.split("=", 1)[1].split(";")[0])
    assert client.get("/api/v1/session").status_code == 401


@pytest.mark.parametrize(
    "target", ["//evil.example", "http://evil.example", "/\\evil.example", "javascript:1", "/a\nb"]
)
def test_the_login_leads_nowhere_else(client, target):
    assert log_in(client, target=target).headers["location"] == "/"
    assert "evil" not in client.get("/login", params={"next": target}).text


def test_the_login_form_takes_no_text_as_markup(client):
    text = client.get("/login", params={"next": '/"><script>alert(1)</script>'}).text
    assert "<script>alert" not in text


def test_the_login_is_limited_and_written_down(tmp_path):
    client = client_of(hub_of(tmp_path))
    for _ in range(FAILURES_MAX):
        assert log_in(client, "wrong").status_code == 401
    refused = log_in(client)
    assert refused.status_code == 429 and 0 < int(refused.headers["retry-after"]) <= WINDOW_S


def test_the_limit_ends_after_its_window_and_is_per_address():
    now = [0.0]
    limit = LoginLimit(lambda: now[0])
    for _ in range(FAILURES_MAX):
        limit.failed("a")
    assert limit.wait_s("a") == WINDOW_S and limit.wait_s("b") == 0
    now[0] = WINDOW_S
    assert limit.wait_s("a") == 0


def test_sessions_end_when_they_are_idle_and_make_room():
    now = [0.0]
    sessions = Sessions(now_s=lambda: now[0])
    sessions.allow("t", "operator")
    key, session = sessions.login("t", "a")
    now[0] = IDLE_S - 1
    assert sessions.find(key) is session
    now[0] += IDLE_S + 1
    assert sessions.find(key) is None and not session.may_change
    assert sessions.login("T", "a") is None


@pytest.mark.parametrize("path", ["/api/v1/session", "/login", "/api/v1/nothing", "/metrics"])
def test_every_answer_carries_the_security_headers(client, path):
    for headers in ({}, {"authorization": f"Bearer {OPERATOR}"}):
        found = client.get(path, headers=headers).headers
        assert "frame-ancestors 'none'" in found["content-security-policy"]
        assert found["x-content-type-options"] == "nosniff"
        assert found["x-frame-options"] == "DENY"
        assert found["cache-control"] == "no-store"
        assert "server" not in found
    assert "unsafe" not in client.get("/login").headers["content-security-policy"]


def test_a_page_leads_to_the_login_and_back(client):
    answer = client.get("/topics?search=a&b=c", headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Ftopics%3Fsearch%3Da%26b%3Dc"


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": BASE}, {"origin": "http://evil.example"}, {"cookie": "tidemill_8642=x"}],
)
def test_the_live_channel_needs_a_session_and_our_origin(client, headers):
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/_nicegui_ws/socket.io/", headers=headers),
    ):
        pass
    log_in(client)
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/_nicegui_ws/", headers={"origin": "http://evil.example"}),
    ):
        pass


def test_the_api_answers_its_token(client):
    client.headers["authorization"] = f"Bearer {VIEWER}"
    assert [one["name"] for one in client.get("/api/v1/pipelines").json()] == ["sales"]
    overview = client.get("/api/v1/overview").json()
    assert (overview["project"], overview["problems"]) == ("shop", [])
    assert client.get("/api/v1/pipelines/sales/sql").json()["text"].startswith("CREATE TABLE a")
    assert "Source" in client.get("/api/v1/pipelines/sales/plan").json()["text"]
    unknown = client.get("/api/v1/pipelines/sale")
    assert unknown.status_code == 404 and unknown.json()["code"] == "project.unknown-pipeline"
    assert 'tidemill_pipeline_up{pipeline="sales"} 0' in client.get("/metrics").text
    described = client.get("/api/v1/openapi.json").json()["paths"]
    assert "/api/v1/topics/{topic}/messages" in described
    checked = client.post("/api/v1/check", json={"text": "SELECT nope FROM a", "pipeline": "sales"})
    assert checked.json()["errors"][0]["span"]


def test_changes_are_written_into_the_audit_log(client, caplog):
    headers = {"authorization": f"Bearer {OPERATOR}"}
    with caplog.at_level("INFO", logger="tidemill.console.audit"):
        assert client.post("/api/v1/pipelines/sales/stop", headers=headers).status_code == 409
        client.post("/api/v1/pipelines/sales/start", headers={"authorization": f"Bearer {VIEWER}"})
    found = [(one.action, one.target, one.outcome, one.role) for one in caplog.records]
    assert found == [
        ("stop pipeline", "sales", "control.does-not-run", "operator"),
        ("POST", "/api/v1/pipelines/sales/start", "refused: read-only", "viewer"),
    ]
    assert not any(OPERATOR in json.dumps(one.__dict__, default=str) for one in caplog.records)


def test_beyond_this_machine_tls_is_needed(tmp_path):
    with pytest.raises(UserError) as refused:
        serve(ConsoleSettings(tmp_path, host="0.0.0.0", port=0), lambda _: None)
    assert refused.value.code == "console.needs-tls"


def test_a_short_token_of_ones_own_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDEMILL_CONSOLE_TOKEN", "short")
    with pytest.raises(UserError) as refused:
        serve(ConsoleSettings(tmp_path, port=0), lambda _: None)
    assert refused.value.code == "console.bad-token"
