-- GROUP BY that is brought up to date row by row; NULL is a key.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, k STRING, v INT, price DECIMAL(10, 2), `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT k, COUNT(*) AS n, COUNT(v) AS nv, SUM(v) AS s, AVG(v) AS mean, MIN(v) AS lo, MAX(v) AS hi FROM bids GROUP BY k;
SELECT k, SUM(price) AS total, AVG(price) AS mean, MIN(price) AS lo, MAX(`at`) AS hi FROM bids GROUP BY k;
SELECT k, VAR_POP(v) AS vp, STDDEV_SAMP(v) AS ss FROM bids GROUP BY k;
SELECT UPPER(k) AS kk, v > 4 AS big, COUNT(*) AS n FROM bids GROUP BY UPPER(k), v > 4;
