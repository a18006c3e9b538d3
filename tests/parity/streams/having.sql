-- HAVING: groups that begin and stop to qualify.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, k STRING, v INT, price DECIMAL(10, 2), `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT k, COUNT(*) AS n FROM bids GROUP BY k HAVING COUNT(*) > 2;
SELECT k, SUM(v) AS s FROM bids GROUP BY k HAVING SUM(v) < 20;
SELECT k, n * 2 AS n2 FROM (SELECT k, COUNT(*) AS n FROM bids GROUP BY k) WHERE n BETWEEN 2 AND 3;
