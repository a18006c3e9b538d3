"""The frame of the command line: help, start-up, errors, exit codes, streams."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tidemill.cli.app import build_app
from tidemill.cli.verbs import VERBS

ROOT = Path(__file__).parents[2]
Tidemill = Callable[..., subprocess.CompletedProcess[str]]
COMMANDS = [
    words
    for entry in VERBS
    for words in (
        [(entry.name, inner.name) for inner in entry.verbs] if entry.verbs else [(entry.name,)]
    )
]
HEAVY = ("duckdb", "pyarrow", "sqlglot", "confluent_kafka", "psycopg", "pydantic", "numpy")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_verb_has_help_with_an_example(words: tuple[str, ...]) -> None:
    app = build_app()
    entries = VERBS
    for word in words:
        entry = next(e for e in entries if e.name == word)
        entries = entry.verbs
        app = app[word]
    epilogue = app.help_epilogue or ""
    assert "Example:\n" in epilogue
    assert f"tidemill {' '.join(words)}" in epilogue
    function = app.default_command
    assert function is not None
    summary = (function.__doc__ or "").split("\n", 1)[0]
    assert summary == entry.help, "the list of verbs and the verb say different things"


def test_help_shows_all_verbs_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom tidemill.cli.main import run\ncode = run(['--help'])\n"
        "print('LOADED', *sorted({m.split('.')[0] for m in sys.modules}))\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    shown, loaded = done.stdout.split("LOADED ")
    for entry in VERBS:
        assert entry.name in shown
        assert entry.help in shown
    assert not set(HEAVY) & set(loaded.split())
    assert "tidemill.cli.run" not in loaded


@pytest.mark.parametrize(
    "words", [("run",), ("topic", "read"), ("sql",), ("connector", "register")]
)
def test_help_of_a_verb_through_the_program(tidemill: Tidemill, words: tuple[str, ...]) -> None:
    done = tidemill(*words, "--help")
    assert done.returncode == 0
    assert "Example:" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("verison",), "no command `tidemill verison`", "Did you mean `version`?"),
        (("topic", "lst"), "no command `tidemill topic lst`", "Did you mean `list`?"),
        (("version", "--jsn"), "unknown option: --jsn", "Did you mean `--json`?"),
        (("init",), "requires an argument", "tidemill init --help"),
        (("init", "x", "-t", "minimum"), "minimum", "Did you mean `minimal`?"),
        (("run", "--every-s", "soon"), "soon", "tidemill run --help"),
        (("sql", "-e", "a", "-f", "b"), "exclude each other", None),
        (("topic", "read", "t", "--offset", "1", "--since-ms", "2"), "exclude each other", None),
        (("run", "--var", "x"), "`x` is no variable", "--var NAME=VALUE"),
    ],
)
def test_a_wrong_command_line_ends_with_2(
    tidemill: Tidemill, arguments: tuple[str, ...], message: str, hint: str | None
) -> None:
    done = tidemill(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error[cli.usage]: ")
    assert message in done.stderr
    assert (hint or "") in done.stderr
    assert "Traceback" not in done.stderr


def test_no_arguments_show_the_help(tidemill: Tidemill) -> None:
    done = tidemill()
    assert done.returncode == 0
    assert "Usage: tidemill" in done.stdout


def test_version_in_all_forms(tidemill: Tidemill) -> None:
    from tidemill import __version__

    assert tidemill("--version").stdout.strip() == f"tidemill {__version__}"
    assert tidemill("version").stdout.splitlines()[0] == f"tidemill {__version__}"
    versions = json.loads(tidemill("version", "--json").stdout)
    assert versions["tidemill"] == __version__
    assert {"python", "duckdb", "pyarrow", "sqlglot"} <= set(versions)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_verbs(tidemill: Tidemill, shell: str) -> None:
    script = tidemill("completion", shell).stdout
    assert "explain" in script
    assert "until-caught-up" in script


def test_bash_takes_the_completion_script(tidemill: Tidemill) -> None:
    script = tidemill("completion", "bash").stdout
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_errors_as_json_are_on_stderr(tidemill: Tidemill) -> None:
    done = tidemill("check", "--json")
    assert done.returncode == 1
    assert done.stdout == ""
    error = json.loads(done.stderr)["error"]
    assert error["code"] == "project.not-found"
    assert set(error) == {"code", "message", "where", "detail", "hint"}


def test_an_internal_error_is_short_and_says_where_its_traceback_is(
    tidemill: Tidemill, tmp_path: Path
) -> None:
    (tmp_path / ".tidemill").mkdir()
    code = (
        "import sys, tidemill.control.check as c\n"
        "def boom(*a, **k): raise RuntimeError('kaputt')\n"
        "c.check = boom\n"
        "from tidemill.cli.main import run\nsys.exit(run(['check', *sys.argv[1:]]))"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    done = run()
    assert done.returncode == 3
    assert "error[cli.internal]: internal error: RuntimeError: kaputt" in done.stderr
    assert "Traceback" not in done.stderr
    found = re.search(r"in (\S+crash-\S+\.txt)", done.stderr)
    assert found is not None
    saved = Path(found.group(1))
    assert "kaputt" in saved.read_text()
    assert saved.stat().st_mode & 0o077 == 0
    assert "Traceback" in run("--debug").stderr


def test_no_colour_without_a_terminal(tidemill: Tidemill) -> None:
    done = tidemill("check")
    assert "\x1b" not in done.stderr + done.stdout


def test_colour_on_a_terminal_unless_refused(tmp_path: Path) -> None:
    import pty

    def shown(env: dict[str, str]) -> str:
        pid, fd = pty.fork()
        if pid == 0:
            import os

            os.chdir(tmp_path)
            os.environ.update({"TERM": "xterm", **env})
            os.execv(sys.executable, [sys.executable, "-m", "tidemill.cli", "check"])
        import os

        text = b""
        while True:
            try:
                piece = os.read(fd, 4096)
            except OSError:
                break
            if not piece:
                break
            text += piece
        os.waitpid(pid, 0)
        os.close(fd)
        return text.decode()

    assert "\x1b[1;31m" in shown({})
    assert "\x1b[" not in shown({"NO_COLOR": "1"})


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text(
        "CREATE TABLE s (id BIGINT) WITH ('connector'='datagen', 'number-of-rows'='200000');\n"
        "SELECT id FROM s;"
    )
    command = (
        f"{sys.executable} -m tidemill.cli sql -f q.sql --json | head -1; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    first, code = done.stdout.splitlines()
    assert json.loads(first)["op"] == "+I"
    assert code == "0"
    assert done.stderr == ""


def test_the_reference_page_is_fresh() -> None:
    from tidemill.cli.reference import cli_page

    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    assert page == cli_page(), "stale; run: python tools/reference.py"
