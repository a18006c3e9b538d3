-- Least, greatest and counts of each type.
CREATE TABLE numbers (
  id INT, k STRING, b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, c1 DECIMAL(10, 2), c2 DECIMAL(38, 9),
  txt STRING, dt DATE, tm TIME, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = 'numbers.jsonl', 'format' = 'json');

SELECT k, COUNT(*) AS n
  , COUNT(t) AS n_t, MIN(t) AS min_t, MAX(t) AS max_t
  , COUNT(s) AS n_s, MIN(s) AS min_s, MAX(s) AS max_s
  , COUNT(i) AS n_i, MIN(i) AS min_i, MAX(i) AS max_i
  , COUNT(l) AS n_l, MIN(l) AS min_l, MAX(l) AS max_l
  , COUNT(f) AS n_f, MIN(f) AS min_f, MAX(f) AS max_f
  , COUNT(d) AS n_d, MIN(d) AS min_d, MAX(d) AS max_d
  , COUNT(c1) AS n_c1, MIN(c1) AS min_c1, MAX(c1) AS max_c1
  , COUNT(c2) AS n_c2, MIN(c2) AS min_c2, MAX(c2) AS max_c2
  , COUNT(txt) AS n_txt, MIN(txt) AS min_txt, MAX(txt) AS max_txt
  , COUNT(dt) AS n_dt, MIN(dt) AS min_dt, MAX(dt) AS max_dt
  , COUNT(tm) AS n_tm, MIN(tm) AS min_tm, MAX(tm) AS max_tm
  , COUNT(ts) AS n_ts, MIN(ts) AS min_ts, MAX(ts) AS max_ts
  , COUNT(b) AS n_b, MIN(b) AS min_b, MAX(b) AS max_b
FROM numbers GROUP BY k;
