-- Variances and deviations, also of one value and of none.
CREATE TABLE numbers (
  id INT, k STRING, b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, c1 DECIMAL(10, 2), c2 DECIMAL(38, 9),
  txt STRING, dt DATE, tm TIME, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL 1 SECOND
) WITH ('connector' = 'filesystem', 'path' = 'numbers.jsonl', 'format' = 'json');

SELECT k
  , STDDEV_POP(d) AS d1, STDDEV_SAMP(d) AS d2, STDDEV(d) AS d3, VAR_POP(d) AS d4, VAR_SAMP(d) AS d5, VARIANCE(d) AS d6
  , STDDEV_POP(s) AS s1, STDDEV_SAMP(s) AS s2, STDDEV(s) AS s3, VAR_POP(s) AS s4, VAR_SAMP(s) AS s5, VARIANCE(s) AS s6
  , STDDEV_POP(f) AS f1, STDDEV_SAMP(f) AS f2, VAR_POP(f) AS f4, VAR_SAMP(f) AS f5
FROM numbers GROUP BY k;
