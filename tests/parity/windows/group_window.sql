-- The older form of a window.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT TUMBLE_START(`at`, INTERVAL '5' SECOND) AS s, TUMBLE_END(`at`, INTERVAL '5' SECOND) AS e, item, COUNT(*) AS n, SUM(price) AS total
FROM bids GROUP BY TUMBLE(`at`, INTERVAL '5' SECOND), item;
