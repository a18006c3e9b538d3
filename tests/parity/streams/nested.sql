-- An aggregate over the changes of another.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, k STRING, v INT, price DECIMAL(10, 2), `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT n, COUNT(*) AS cnt, MIN(k) AS lo, MAX(k) AS hi FROM (SELECT k, COUNT(*) AS n FROM bids GROUP BY k) GROUP BY n;
SELECT COUNT(*) AS cnt, SUM(s) AS total FROM (SELECT k, SUM(v) AS s FROM bids GROUP BY k) WHERE s > 3;
