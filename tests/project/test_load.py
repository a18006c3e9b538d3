"""tidemill.yaml: what is taken, and how each mistake is shown."""

from pathlib import Path

import pytest

from tidemill.errors import ProjectError, TextWhere
from tidemill.project import check_project, find_project_file, load_project, project_of


def write(folder: Path, text: str) -> Path:
    file = folder / "tidemill.yaml"
    file.write_text(text)
    return file


def errors(folder: Path, text: str) -> list[ProjectError]:
    project, found = check_project(write(folder, text))
    assert project is None
    return found


def place(error: ProjectError) -> tuple[int, int, str]:
    assert isinstance(error.where, TextWhere)
    span = error.where.span
    return error.where.line, error.where.column, error.where.text[span.start : span.end]


def test_a_whole_project_is_read(tmp_path: Path) -> None:
    (tmp_path / "pipelines").mkdir()
    for name in ("b", "a"):
        (tmp_path / "pipelines" / f"{name}.sql").write_text("")
    (tmp_path / "one.sql").write_text("")
    write(
        tmp_path,
        """
name: shop
servers:
  postgres:
  kafka: {port: 19092, heap_mb: 256, properties: {num.partitions: 3}}
connections:
  warehouse: {url: "jdbc:postgresql://db/x", password: "${env:PW}"}
pipelines:
  - pipelines/*.sql
  - {file: one.sql, name: first, settings: {table.local-time-zone: UTC}, variables: {n: 3}}
variables: {limit: 10, on: true}
""",
    )
    project = load_project(tmp_path)
    assert project.name == "shop"
    assert project.servers.names == ("postgres", "kafka")
    assert project.servers.given() == {
        "postgres": {},
        "kafka": {"port": 19092, "heap_mb": 256, "properties": {"num.partitions": 3}},
    }
    pipelines = project.pipelines()
    assert [p.name for p in pipelines] == ["a", "b", "first"]
    assert pipelines[2].settings == {"table.local-time-zone": "UTC"}
    assert pipelines[2].variables == {"n": "3"}
    assert project.state_dir == tmp_path / ".tidemill"


@pytest.mark.parametrize("text", ["", "# nothing\n", "servers:\n", "name: x\n"])
def test_almost_empty_files_are_projects(tmp_path: Path, text: str) -> None:
    project, found = check_project(write(tmp_path, text))
    assert project is not None
    assert found == []
    assert project.servers.names == ()


@pytest.mark.parametrize(
    ("text", "code", "at", "hint"),
    [
        ("servers:\n  kafak:\n", "unknown-key", (2, 3, "kafak"), "Did you mean `kafka`?"),
        ("severs: {}\n", "unknown-key", (1, 1, "severs"), "Did you mean `servers`?"),
        ("servers: {kafka: {heap: 1}}\n", "unknown-key", (1, 19, "heap"), "`heap_mb`"),
        ("pipelines:\n - {fil: a.sql}\n", "missing-key", (2, 4, "{fil: a.sql}"), "`file: ...`"),
        ("name: a b\n", "bad-value", (1, 7, "a b"), None),
        ("servers:\n kafka:\n  port: 70000\n", "bad-value", (3, 9, "70000"), None),
        ('servers:\n kafka:\n  port: "9092"\n', "bad-value", (3, 9, '"9092"'), "without quotes"),
        ("pipelines: a.sql\n", "bad-value", (1, 12, "a.sql"), None),
        ("variables:\n  a: [1]\n", "bad-value", (2, 6, "[1]"), None),
        ("- a\n", "bad-value", (1, 1, "- a\n"), "Start with keys"),
        ("name: 5\n", "bad-value", (1, 7, "5"), "in quotes"),
        ("a: 1\na: 2\n", "bad-yaml", (2, 1, "a"), None),
        ("a: [1,\n", "bad-yaml", (2, 1, ""), None),
        ("\ta: 1\n", "bad-yaml", (1, 1, "\t"), None),
        ("a: !!python/object:os.x {}\n", "bad-yaml", (1, 4, "!"), None),
    ],
)
def test_a_mistake_is_shown_at_its_place(
    tmp_path: Path, text: str, code: str, at: tuple[int, int, str], hint: str | None
) -> None:
    first = errors(tmp_path, text)[0]
    assert first.code == f"project.{code}"
    assert place(first) == at
    if hint is not None:
        assert hint in (first.hint or "")
    assert "tidemill.yaml:" in first.render()


def test_all_mistakes_are_found_in_the_order_of_the_text(tmp_path: Path) -> None:
    found = errors(tmp_path, "name: a b\nservers:\n  redi: {}\nvariables: {x: [1]}\n")
    assert [place(e)[0] for e in found] == [1, 3, 4]
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path)
    assert "And more" in (caught.value.detail or "")


@pytest.mark.parametrize("key", ["password", "sasl.password", "api-key", "auth_token", "secret"])
def test_a_literal_secret_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    found = errors(tmp_path, f"connections:\n  db:\n    {key}: hunter2\n")
    assert [e.code for e in found] == ["project.literal-secret"]
    assert "${env:DB_" in (found[0].hint or "")
    assert "hunter2" not in (found[0].message + (found[0].hint or "") + (found[0].detail or ""))


def test_a_duplicate_key_does_not_repeat_its_value(tmp_path: Path) -> None:
    found = errors(tmp_path, "connections: {db: {password: hunter2, password: hunter3}}\n")
    assert "hunter" not in found[0].message


def test_a_file_that_refers_to_itself_is_refused(tmp_path: Path) -> None:
    found = errors(tmp_path, "variables: &v\n  a: *v\n")
    assert found[0].code in ("project.bad-value", "project.bad-yaml")


def test_the_project_is_found_from_below(tmp_path: Path) -> None:
    file = write(tmp_path, "name: x\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_project_file(below) == file
    (below / "q.sql").write_text("")
    assert project_of(below / "q.sql").root == tmp_path


def test_a_pipeline_runs_without_a_project_beside_its_file(tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("")
    project = project_of(tmp_path / "q.sql")
    assert project.file is None
    assert project.state_dir == tmp_path / ".tidemill"


def test_no_project_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path)
    assert caught.value.code == "project.not-found"
    assert "tidemill init" in (caught.value.hint or "")


def test_pipelines_by_name_by_path_and_wrong_ones(tmp_path: Path) -> None:
    (tmp_path / "orders.sql").write_text("")
    (tmp_path / "other.sql").write_text("")
    write(tmp_path, "pipelines: [orders.sql]\n")
    project = load_project(tmp_path)
    assert project.pipeline("orders").path == tmp_path / "orders.sql"
    assert project.pipeline(str(tmp_path / "orders.sql")).name == "orders"
    assert project.pipeline(str(tmp_path / "other.sql")).name == "other"
    with pytest.raises(ProjectError) as caught:
        project.pipeline("ordres")
    assert caught.value.hint == "Did you mean `orders`?"


@pytest.mark.parametrize(
    ("pipelines", "code"),
    [
        ("[gone.sql]", "project.no-pipelines"),
        ("['*.txt']", "project.no-pipelines"),
        ("['/etc/*.sql']", "project.no-pipelines"),
        ("[{file: '*.sql', name: x}]", "project.duplicate-pipeline"),
        ("[a.sql, {file: b.sql, name: a}]", "project.duplicate-pipeline"),
    ],
)
def test_a_wrong_list_of_pipelines(tmp_path: Path, pipelines: str, code: str) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.sql").write_text("")
    write(tmp_path, f"pipelines: {pipelines}\n")
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path).pipelines()
    assert caught.value.code == code
    assert isinstance(caught.value.where, TextWhere)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "tidemill.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path)
    assert caught.value.code == "project.unreadable"
