-- Windows compute them too.
CREATE TABLE numbers (
  id INT, k STRING, b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, c1 DECIMAL(10, 2), c2 DECIMAL(38, 9),
  txt STRING, dt DATE, tm TIME, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL 1 SECOND
) WITH ('connector' = 'filesystem', 'path' = 'numbers.jsonl', 'format' = 'json');

SELECT window_start, k
  , SUM(t) AS sum_t, AVG(t) AS avg_t, MIN(t) AS min_t
  , SUM(s) AS sum_s, AVG(s) AS avg_s, MIN(s) AS min_s
  , SUM(i) AS sum_i, AVG(i) AS avg_i, MIN(i) AS min_i
  , SUM(l) AS sum_l, AVG(l) AS avg_l, MIN(l) AS min_l
  , SUM(f) AS sum_f, AVG(f) AS avg_f, MIN(f) AS min_f
  , SUM(d) AS sum_d, AVG(d) AS avg_d, MIN(d) AS min_d
  , SUM(c1) AS sum_c1, AVG(c1) AS avg_c1, MIN(c1) AS min_c1
  , SUM(c2) AS sum_c2, AVG(c2) AS avg_c2, MIN(c2) AS min_c2
, COUNT(DISTINCT t) AS dt, COUNT(*) FILTER (WHERE b) AS nb FROM TABLE(TUMBLE(TABLE numbers, DESCRIPTOR(ts), INTERVAL '1' DAY)) GROUP BY window_start, window_end, k;
