-- Scalar, table and aggregate functions in Python; the same module on both engines.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE t (
  k INT, v STRING, n BIGINT, f FLOAT, d DECIMAL(10, 3), day_ DATE, time_ TIME, ts TIMESTAMP(3),
  at_ TIMESTAMP_LTZ(3), b BYTES, r ROW<a INT, b STRING>, c ARRAY<BIGINT>, m MAP<STRING, INT>,
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'rows.jsonl', 'format' = 'json');
CREATE TABLE late (id INT, k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'late.jsonl', 'format' = 'json');
CREATE FUNCTION shout AS 'parity_functions.shout' LANGUAGE PYTHON;
CREATE TEMPORARY FUNCTION IF NOT EXISTS doubled AS 'parity_functions.doubled' LANGUAGE PYTHON;
CREATE TEMPORARY SYSTEM FUNCTION described AS 'parity_functions.described' LANGUAGE PYTHON;
CREATE FUNCTION cut AS 'parity_functions.cut' LANGUAGE PYTHON;
CREATE FUNCTION rounded AS 'parity_functions.rounded' LANGUAGE PYTHON;
CREATE FUNCTION next_day_ AS 'parity_functions.next_day' LANGUAGE PYTHON;
CREATE FUNCTION same_time AS 'parity_functions.same_time' LANGUAGE PYTHON;
CREATE FUNCTION later AS 'parity_functions.later' LANGUAGE PYTHON;
CREATE FUNCTION same_instant AS 'parity_functions.same_instant' LANGUAGE PYTHON;
CREATE FUNCTION turned AS 'parity_functions.turned' LANGUAGE PYTHON;
CREATE FUNCTION packed AS 'parity_functions.packed' LANGUAGE PYTHON;
CREATE FUNCTION letters AS 'parity_functions.letters' LANGUAGE PYTHON;
CREATE FUNCTION split_words AS 'parity_functions.split' LANGUAGE PYTHON;
CREATE FUNCTION weighted_mean AS 'parity_functions.weighted_mean' LANGUAGE PYTHON;
CREATE FUNCTION joined AS 'parity_functions.joined' LANGUAGE PYTHON;
CREATE FUNCTION gone AS 'parity_functions.joined' LANGUAGE PYTHON;
DROP FUNCTION gone;
SELECT
  k, w, l, shout(SHOUT(v)) AS s, doubled(n) AS n2, cut(f) AS f2, rounded(d) AS d2,
  next_day_(day_) AS day2, same_time(time_) AS time2, later(ts) AS ts2, same_instant(at_) AS at2,
  turned(b) AS b2, packed(n, v).b[1] AS p1, packed(n, v).a AS p2, letters(v)['a'] AS m1,
  described(k) AS t1, described(d) AS t2, described(day_) AS t3, described(time_) AS t4,
  described(ts) AS t5, described(b) AS t6, described(r) AS t7, described(c) AS t8,
  described(m) AS t9, described(f) AS t10
FROM t LEFT JOIN LATERAL TABLE(split_words(shout(v))) AS a (w, l) ON TRUE
WHERE doubled(k) < 10 AND k > 0;
SELECT k, joined(v) AS j, weighted_mean(n, 1 + k) FILTER (WHERE n < 100) AS m, COUNT(*) AS c,
  MAX(v) AS x
FROM t GROUP BY k;
SELECT k, HOP_END(ts, INTERVAL '1' SECOND, INTERVAL '2' SECOND) AS e, weighted_mean(n, k) AS m
FROM t GROUP BY k, HOP(ts, INTERVAL '1' SECOND, INTERVAL '2' SECOND);
SELECT k, SESSION_START(ts, INTERVAL '2' SECOND) AS s, weighted_mean(n, k) AS m, COUNT(v) AS c
FROM t GROUP BY k, SESSION(ts, INTERVAL '2' SECOND);
SELECT k, window_end, COUNT(*) AS n FROM TABLE(
  TUMBLE((SELECT shout(k) AS k, ts FROM late), DESCRIPTOR(ts), INTERVAL '5' SECOND)
) GROUP BY k, window_start, window_end;
