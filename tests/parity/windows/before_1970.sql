-- Windows that begin before 1970.
CREATE TABLE early (
  `at` TIMESTAMP(3), v INT, WATERMARK FOR `at` AS `at` - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'early.jsonl', 'format' = 'json');

SELECT window_start, window_end, window_time, COUNT(*) AS n, SUM(v) AS total
FROM TABLE(TUMBLE(TABLE early, DESCRIPTOR(`at`), INTERVAL '3' SECOND))
GROUP BY window_start, window_end, window_time;
SELECT window_start, window_end, COUNT(*) AS n
FROM TABLE(HOP(TABLE early, DESCRIPTOR(`at`), INTERVAL '2' SECOND, INTERVAL '6' SECOND))
GROUP BY window_start, window_end;
