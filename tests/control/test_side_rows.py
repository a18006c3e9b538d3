"""Which files hold the rows of a side table: what a sink keeps for itself is none."""

from tidemill.control.side_rows import kept_files


def test_only_finished_files_are_taken(tmp_path):
    hidden = (".part-2.json", "_tmp", ".tidemill/job/state.json")
    for name in ("part-1.json", "a/part-3.json", *hidden):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert {str(file.relative_to(tmp_path)) for file in kept_files(tmp_path)} == {
        "part-1.json", "a/part-3.json"
    }  # fmt: skip
