-- A TUMBLE's own columns below its aggregate: in arguments, FILTER, keys, grouping sets and WHERE.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT window_start, item, MAX(TIMESTAMPDIFF(SECOND, window_start, `at`)) AS f, COUNT(*) FILTER (WHERE `at` > window_start + INTERVAL '2' SECOND) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, item;

SELECT window_end, k, SUM(d) AS d, COUNT(DISTINCT d) AS n, ARRAY_AGG(d) AS a
FROM (SELECT window_start, window_end, window_time, TIMESTAMPDIFF(SECOND, `at`, window_end) AS d, UPPER(item) AS k
      FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND)) WHERE price IS NULL OR price > 5)
WHERE d > 1 AND window_end > TIMESTAMP '2026-01-01 00:00:05' GROUP BY window_start, window_end, window_time, k;

SELECT window_start, item, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
WHERE `at` >= window_start + INTERVAL '3' SECOND GROUP BY window_start, window_end, item;

SELECT DATE_FORMAT(window_start, 'mm:ss') AS s, item, TIMESTAMPDIFF(SECOND, window_start, `at`) AS d, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '1' SECOND))
GROUP BY window_start, window_end, DATE_FORMAT(window_start, 'mm:ss'), GROUPING SETS ((item), (TIMESTAMPDIFF(SECOND, window_start, `at`)));
