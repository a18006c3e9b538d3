-- Sums and averages of each numeric type; NULLs, overflow, decimals at their limits.
CREATE TABLE numbers (
  id INT, k STRING, b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, c1 DECIMAL(10, 2), c2 DECIMAL(38, 9),
  txt STRING, dt DATE, tm TIME, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = 'numbers.jsonl', 'format' = 'json');

SELECT k
  , SUM(t) AS sum_t, AVG(t) AS avg_t
  , SUM(s) AS sum_s, AVG(s) AS avg_s
  , SUM(i) AS sum_i, AVG(i) AS avg_i
  , SUM(l) AS sum_l, AVG(l) AS avg_l
  , SUM(f) AS sum_f, AVG(f) AS avg_f
  , SUM(d) AS sum_d, AVG(d) AS avg_d
  , SUM(c1) AS sum_c1, AVG(c1) AS avg_c1
  , SUM(c2) AS sum_c2, AVG(c2) AS avg_c2
FROM numbers GROUP BY k;
