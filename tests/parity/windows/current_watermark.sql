-- CURRENT_WATERMARK: rows in time and late ones, before aggregates, joins, ROW_NUMBER and windows.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');
CREATE TABLE instants (
  id INT, `at` TIMESTAMP(3), item STRING, ts AS CAST(`at` AS TIMESTAMP_LTZ(3)),
  WATERMARK FOR ts AS ts - INTERVAL '0.5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');
CREATE VIEW marked AS SELECT *, CURRENT_WATERMARK(`at`) AS w FROM bids;

SELECT id, CURRENT_WATERMARK(ts) AS w, ts <= CURRENT_WATERMARK(ts) AS late FROM instants;

SELECT id FROM bids WHERE CURRENT_WATERMARK(`at`) IS NULL OR `at` > CURRENT_WATERMARK(`at`);

SELECT id, TIMESTAMPDIFF(SECOND, CURRENT_WATERMARK(`at`), `at`) AS behind FROM (SELECT `at`, id FROM bids WHERE price > 10) WHERE `at` <= CURRENT_WATERMARK(`at`);

SELECT item, MAX(CURRENT_WATERMARK(`at`)) AS w, COUNT(*) FILTER (WHERE `at` <= CURRENT_WATERMARK(`at`)) AS late FROM bids GROUP BY item;

SELECT window_start, item, COUNT(*) AS n, MAX(w) AS w
FROM TABLE(TUMBLE(TABLE marked, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
GROUP BY window_start, window_end, item;

SELECT id, window_start FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
WHERE window_end <= CURRENT_WATERMARK(window_time);

SELECT a.id, a.w, b.id AS other FROM marked a JOIN bids b ON a.item = b.item AND a.id < b.id;

SELECT id, w FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY `at`) AS rn FROM marked WHERE w IS NULL OR `at` > w) WHERE rn = 1;

SELECT id, w FROM marked UNION ALL SELECT id, CURRENT_WATERMARK(`at`) FROM bids WHERE price IS NULL;
