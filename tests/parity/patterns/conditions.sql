-- MATCH_RECOGNIZE: conditions over a row, over rows that a variable took, over aggregates of them; measures.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE ticks (
  id INT, k STRING, v INT, price DECIMAL(10, 2), d DOUBLE, s STRING, `at` TIMESTAMP(3), pt AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'ticks.jsonl', 'format' = 'json');
CREATE VIEW falls AS SELECT * FROM ticks MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY `at`
  MEASURES A.id AS a, B.id AS b, MATCH_ROWTIME() AS rt
  ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B) DEFINE B AS B.v < A.v
) AS m;

SELECT * FROM ticks MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY `at`
  MEASURES S.id AS sid, FIRST(D.id) AS d1, LAST(D.id) AS dn, U.id AS uid, COUNT(D.id) AS n, COUNT(*) AS total, SUM(D.price) AS sm, AVG(D.v) AS av,
    MIN(D.d) AS mi, MAX(D.s) AS mx, AVG(price) AS everything, LAST(id) AS lastid, FIRST(id, 1) AS f1, id AS plain, FINAL LAST(D.v * D.id, 1) AS x
  ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
  PATTERN (S D+ U) DEFINE D AS (LAST(D.v, 1) IS NULL AND D.v < S.v) OR D.v < LAST(D.v, 1), U AS U.v > LAST(D.v)
) AS m;
SELECT * FROM ticks MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY `at`
  MEASURES SUM(A.v) AS sm, COUNT(A.id) AS n, SUM(v) AS tot, B.id AS b, MATCH_ROWTIME(`at`) AS rt, A.`at` AS t, FIRST_VALUE(A.s) AS fs, LAST_VALUE(A.s) AS ls, LISTAGG(A.s) AS l, ARRAY_AGG(v) AS vs
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A+ B) DEFINE A AS SUM(A.v) < 30 AND COUNT(id) < 4, B AS AVG(price) > 9
) AS m;
SELECT * FROM ticks MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY `at`
  MEASURES 1 AS uno, UPPER(A.s) || B.s AS y, CAST(A.price AS STRING) AS z, CASE WHEN A.v > B.v THEN 'x' ELSE 'yy' END AS c, ARRAY[A.v, B.v] AS arr, COALESCE(A.d, 0) AS d, A.v + B.d AS e
  PATTERN (A B) DEFINE B AS B.v > 5
) AS m;
SELECT * FROM ticks MATCH_RECOGNIZE (ORDER BY pt MEASURES A.id AS a, B.id AS b, MATCH_PROCTIME() IS NOT NULL AS p AFTER MATCH SKIP PAST LAST ROW PATTERN (A B) DEFINE B AS B.v < A.v) AS m;
SELECT m.a, u.v, m.k FROM ticks MATCH_RECOGNIZE (PARTITION BY k ORDER BY `at` MEASURES A.id AS a, B.id AS b AFTER MATCH SKIP PAST LAST ROW PATTERN (A B) DEFINE B AS B.v < A.v) AS m JOIN ticks AS u ON u.id = m.a WHERE m.b > 2;
SELECT a AS x, b AS y FROM (SELECT id, v, `at` FROM ticks WHERE v > 5) MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a, B.id AS b AFTER MATCH SKIP PAST LAST ROW PATTERN (A B) DEFINE B AS B.v < A.v);
SELECT window_start, COUNT(*) AS n, MAX(b) AS b FROM TABLE(TUMBLE(TABLE falls, DESCRIPTOR(rt), INTERVAL '5' SECOND)) GROUP BY window_start, window_end;
