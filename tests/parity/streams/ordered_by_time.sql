-- ORDER BY event time over a stream: rows that come behind what came out are late.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = '../windows/bids.jsonl', 'format' = 'json');
CREATE TABLE tight (
  id INT, `at` TIMESTAMP(3), item STRING, ts AS CAST(`at` AS TIMESTAMP_LTZ(3)),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = '../windows/bids.jsonl', 'format' = 'json');

SELECT id, `at`, item FROM bids ORDER BY `at`;
SELECT id, ts FROM tight WHERE id <> 6 ORDER BY ts, id DESC;
SELECT window_time, item, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, window_time, item ORDER BY window_time, item;
