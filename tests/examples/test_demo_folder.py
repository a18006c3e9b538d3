"""The demo's folder: a copy that is the user's, one run at a time."""

import pytest

from tidemill.control.demo.folder import (
    copy_example,
    demo_folder,
    example_names,
    find_example,
    locked,
    set_variables,
)
from tidemill.control.demo.model import DemoRequest
from tidemill.control.demo.run import run_demo
from tidemill.errors import UsageError, UserError
from tidemill.project import load_project

SQL = "pipelines/nyc_taxi.sql"


@pytest.fixture
def folder(tmp_path, example):
    made = demo_folder(tmp_path, "nyc_taxi", None)
    copy_example(example, made)
    return made


def test_example_is_found():
    assert "nyc_taxi" in example_names()
    with pytest.raises(UsageError) as caught:
        find_example("nyc_tax")
    assert caught.value.exit_code == 2
    assert "nyc_taxi" in caught.value.hint


def test_copy_is_a_whole_project(folder, example, tmp_path):
    assert (folder / SQL).read_bytes() == (example / SQL).read_bytes()
    assert load_project(folder).pipeline("nyc_taxi").path == folder / SQL
    assert (tmp_path / ".tidemill").stat().st_mode & 0o077 == 0


def test_changed_files_are_kept_and_others_follow(folder, example, tmp_path):
    newer = tmp_path / "newer"
    copy_example(example, newer)
    (newer / ".example.json").unlink()
    (newer / SQL).write_text("-- newer")
    (newer / "README.md").write_text("newer")
    (folder / SQL).write_text("-- mine")
    copy_example(newer, folder)
    assert (folder / SQL).read_text() == "-- mine"
    assert (folder / "README.md").read_text() == "newer"


def test_deleted_file_comes_back(folder, example):
    (folder / SQL).unlink()
    copy_example(example, folder)
    assert (folder / SQL).read_bytes() == (example / SQL).read_bytes()


def test_each_input_has_its_folder(tmp_path):
    one = demo_folder(tmp_path, "nyc_taxi", tmp_path / "green tripdata_2022-03.parquet")
    assert one.name == "nyc_taxi-green-tripdata_2022-03"
    assert one != demo_folder(tmp_path, "nyc_taxi", None)


def test_variables_are_set_and_comments_stay(folder, example):
    set_variables(folder, {"trips_from": "2022-03-01 00:00:00"})
    assert load_project(folder).settings.variables["trips_from"] == "2022-03-01 00:00:00"
    assert "# Trips picked up outside" in (folder / "tidemill.yaml").read_text()
    # The next copy leaves them alone.
    copy_example(example, folder)
    assert load_project(folder).settings.variables["trips_from"] == "2022-03-01 00:00:00"


def test_one_run_at_a_time(folder):
    with locked(folder):
        with pytest.raises(UserError) as caught, locked(folder):
            pass
        assert caught.value.code == "demo.busy"
    with locked(folder):
        pass


@pytest.mark.parametrize("given", [{"rows": 0}, {"rows": -5}, {"rate": 0}, {"rate": 10**9}])
def test_numbers_out_of_range(tmp_path, given):
    with pytest.raises(UsageError) as caught:
        run_demo(DemoRequest("nyc_taxi", tmp_path, **given), print)
    assert caught.value.code == "demo.bad-number"
    assert not (tmp_path / ".tidemill").exists()


def test_wrong_input_shows_before_anything_is_made(tmp_path):
    with pytest.raises(UserError) as caught:
        run_demo(DemoRequest("nyc_taxi", tmp_path, input=tmp_path / "no.parquet"), print)
    assert caught.value.code == "demo.input-missing"
    assert not (tmp_path / ".tidemill").exists()
