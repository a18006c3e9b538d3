"""The text that a Prometheus server scrapes."""

import math

import pytest

from tidemill.observe.prometheus import Family, text


def test_samples_carry_labels_and_values_are_written_exactly():
    family = Family("rows_total", "counter", 'Rows, "all"\nof them.')
    family.add(3, table='a"b\\c\nd')
    family.add(0.1, table="x")
    family.add(None, table="nothing")
    assert text([family]) == (
        '# HELP rows_total Rows, "all"\\nof them.\n'
        "# TYPE rows_total counter\n"
        'rows_total{table="a\\"b\\\\c\\nd"} 3\n'
        'rows_total{table="x"} 0.1\n'
    )


def test_a_histogram_has_cumulative_buckets_that_end_at_infinity():
    family = Family("took_seconds", "histogram", "Time.")
    family.observe((0.1, 1.0), (2, 3, 1), 4.5, sink="s")
    assert text([family]).splitlines()[2:] == [
        'took_seconds_bucket{sink="s",le="0.1"} 2',
        'took_seconds_bucket{sink="s",le="1"} 5',
        'took_seconds_bucket{sink="s",le="+Inf"} 6',
        'took_seconds_sum{sink="s"} 4.5',
        'took_seconds_count{sink="s"} 6',
    ]


def test_families_without_samples_are_left_out():
    empty = Family("a", "gauge", "A.")
    strange = Family("b", "gauge", "B.")
    strange.add(math.nan)
    assert text([empty]) == ""
    assert text([empty, strange]).endswith("b NaN\n")


@pytest.mark.parametrize(
    ("name", "kind"), [("Rows", "gauge"), ("rows", "counter"), ("a_total", "gauge")]
)
def test_names_against_the_rules_are_refused(name, kind):
    with pytest.raises(ValueError, match=name):
        Family(name, kind, "")
