-- Sessions: with and without keys, alone, over changing keys, in both forms, over each other.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT window_start, window_end, window_time, item, COUNT(*) AS n, SUM(price) AS total, COUNT(DISTINCT price) AS prices, MIN(price) AS low
FROM TABLE(SESSION(TABLE bids PARTITION BY item, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
GROUP BY window_start, window_end, window_time, item;

SELECT window_start, window_end, COUNT(*) AS n
FROM TABLE(SESSION(TABLE bids, DESCRIPTOR(`at`), INTERVAL '3' SECOND))
GROUP BY window_start, window_end;

SELECT window_start, window_end, window_time, id, item
FROM TABLE(SESSION(TABLE bids PARTITION BY item, DESCRIPTOR(`at`), INTERVAL '2' SECOND));

SELECT window_start, window_end, COUNT(*) AS n
FROM TABLE(SESSION(TABLE bids PARTITION BY item, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
GROUP BY window_start, window_end;

SELECT window_start, window_end, item, COUNT(*) AS n, MAX(price) AS high
FROM TABLE(SESSION(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
GROUP BY window_start, window_end, item;

SELECT SESSION_START(`at`, INTERVAL '5' SECOND) AS s, SESSION_END(`at`, INTERVAL '5' SECOND) AS e, SESSION_ROWTIME(`at`, INTERVAL '5' SECOND) AS r, item, COUNT(*) AS n, AVG(price) AS mean
FROM bids GROUP BY SESSION(`at`, INTERVAL '5' SECOND), item;

SELECT SESSION_START(`at`, INTERVAL '2.001' SECOND(1, 3)) AS s, COUNT(*) AS n
FROM bids GROUP BY SESSION(`at`, INTERVAL '2.001' SECOND(1, 3));
