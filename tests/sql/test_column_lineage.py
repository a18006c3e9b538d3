"""Which columns a field is made of, through every kind of node."""

from __future__ import annotations

import pytest

from tidemill.sql.column_lineage import ColumnLineage, Direct

TABLES = """
CREATE TABLE a (id INT, x INT, y STRING, p AS PROCTIME(), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 'a');
CREATE TABLE b (id INT, z INT, l ARRAY<INT>, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED,
  WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 'b');
CREATE TABLE d (id INT, w INT) WITH ('connector' = 'jdbc', 'url' = 'u', 'table-name' = 'd');
CREATE TABLE s (v STRING, n BIGINT) WITH ('connector' = 'kafka', 'topic' = 's');
"""
ID, TRANS, AGG = Direct.IDENTITY, Direct.TRANSFORMATION, Direct.AGGREGATION


@pytest.mark.parametrize(
    ("query", "first", "second"),
    [
        ("SELECT y, id FROM a", {"a.y": ID}, {"a.id": ID}),
        ("SELECT UPPER(y), id + x FROM a", {"a.y": TRANS}, {"a.id": TRANS, "a.x": TRANS}),
        ("SELECT y, COUNT(*) FROM a GROUP BY y", {"a.y": ID}, {}),
        ("SELECT y, SUM(x) FILTER (WHERE id > 1) FROM a GROUP BY y", {"a.y": ID},
         {"a.x": AGG, "a.id": AGG}),
        ("SELECT y, MAX(x) FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
         "GROUP BY y, window_start, window_end", {"a.y": ID}, {"a.x": AGG}),
        ("SELECT CAST(window_start AS STRING), COUNT(*) FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), "
         "INTERVAL '1' MINUTE)) GROUP BY window_start, window_end", {"a.ts": TRANS}, {}),
        ("SELECT y, z FROM a JOIN b ON a.id = b.id", {"a.y": ID}, {"b.z": ID}),
        ("SELECT y, x FROM a WHERE id IN (SELECT z FROM b)", {"a.y": ID}, {"a.x": ID}),
        ("SELECT y, e FROM a JOIN b ON a.id = b.id CROSS JOIN UNNEST(b.l) AS u(e)",
         {"a.y": ID}, {"b.l": TRANS}),
        ("SELECT y, w FROM a JOIN d FOR SYSTEM_TIME AS OF a.p ON a.id = d.id",
         {"a.y": ID}, {"d.w": ID}),
        ("SELECT y, SUM(x) OVER (PARTITION BY y ORDER BY ts) FROM a", {"a.y": ID},
         {"a.x": AGG, "a.ts": AGG}),
        ("SELECT y, x FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY y ORDER BY ts DESC) AS n "
         "FROM a) WHERE n = 1", {"a.y": ID}, {"a.x": ID}),
        ("SELECT y, x FROM a UNION ALL SELECT CAST(id AS STRING), z FROM b",
         {"a.y": ID, "b.id": TRANS}, {"a.x": ID, "b.z": ID}),
        ("SELECT * FROM a MATCH_RECOGNIZE (PARTITION BY y ORDER BY ts MEASURES LAST(A.x) AS m "
         "PATTERN (A B) DEFINE B AS B.id > A.id)", {"a.y": ID}, {"a.x": ID}),
    ],
)  # fmt: skip
def test_a_field_is_made_of_these_columns(compiled, query, first, second):
    script = compiled(f"{TABLES} INSERT INTO s {query};")
    lineage = ColumnLineage()
    found = [
        {f"{table.rpartition('.')[2]}.{column}": how for (table, column), how in origins.items()}
        for origins in lineage.fields(script.inserts[0].query)
    ]
    wanted = [first, second]
    # A cast to the sink's type is a transformation of what was the value itself.
    assert [{k: max(v, TRANS) for k, v in one.items()} for one in found] == [
        {k: max(v, TRANS) for k, v in one.items()} for one in wanted
    ]
    assert found[0] == first


def test_what_only_decides_which_rows_there_are_is_told_apart(compiled):
    script = compiled(
        f"{TABLES} INSERT INTO s SELECT a.y, SUM(b.z) FROM a JOIN b ON a.id = b.id "
        "WHERE a.x > 3 GROUP BY a.y;"
    )
    found = ColumnLineage().decides(script.inserts[0].query)
    short = {f"{table.rpartition('.')[2]}.{column}": how for (table, column), how in found.items()}
    assert short == {"a.id": {"JOIN"}, "b.id": {"JOIN"}, "a.x": {"FILTER"}, "a.y": {"GROUP_BY"}}
