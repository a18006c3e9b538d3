-- Lists in windows of several panes, in the order in which Flink joins them; rows that miss some.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');
CREATE TABLE tight (
  id INT, `at` TIMESTAMP(3), item STRING, WATERMARK FOR `at` AS `at`
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');
SET 'execution.runtime-mode' = 'streaming';

SELECT window_start, item, LISTAGG(CAST(id AS STRING), '-') AS l, ARRAY_AGG(price) FILTER (WHERE id <> 4) AS a
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end, item;

SELECT window_start, window_end, ARRAY_AGG(id) AS a, COUNT(*) AS n
FROM TABLE(HOP(TABLE tight, DESCRIPTOR(`at`), INTERVAL '3' SECOND, INTERVAL '12' SECOND)) GROUP BY window_start, window_end;

SELECT window_start, window_end, LISTAGG(CAST(id AS STRING)) AS l, COUNT(DISTINCT item) AS n
FROM TABLE(CUMULATE(TABLE tight, DESCRIPTOR(`at`), INTERVAL '2' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end;

SELECT window_start, window_end, item, ARRAY_AGG(id) AS a
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end, item;

SELECT HOP_START(`at`, INTERVAL '4' SECOND, INTERVAL '10' SECOND) AS s, LISTAGG(CAST(id AS STRING)) AS l, ARRAY_AGG(item) AS a
FROM tight GROUP BY HOP(`at`, INTERVAL '4' SECOND, INTERVAL '10' SECOND);
