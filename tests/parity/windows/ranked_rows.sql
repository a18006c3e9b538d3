-- Top-N and deduplication within windows, over the rows of a table function: late rows, ties, each kind of window.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT id, item, price, window_start, window_end, window_time, rn FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, item ORDER BY price DESC) AS rn
  FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) WHERE rn <= 2;

SELECT id, item, window_end FROM (
  SELECT id, item, window_start, window_end, ROW_NUMBER() OVER (PARTITION BY window_end, item, window_start ORDER BY `at` DESC) AS rn
  FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) WHERE rn = 1;

SELECT id, s FROM (
  SELECT id, s, ROW_NUMBER() OVER (PARTITION BY s, e ORDER BY `at`) AS rn FROM (
    SELECT id, window_start AS s, window_end AS e, `at`
    FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) WHERE item IS NOT NULL)) WHERE rn = 1;

SELECT id, item, price, window_start, rn FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY price / 100, item) AS rn
  FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '20' SECOND))) WHERE rn <= 3;

SELECT id, item, window_start, rn FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, item ORDER BY price DESC) AS rn
  FROM TABLE(SESSION(TABLE bids PARTITION BY item, DESCRIPTOR(`at`), INTERVAL '5' SECOND))) WHERE rn <= 2;

SELECT TUMBLE_START(w, INTERVAL '20' SECOND) AS s, SUM(n) AS total, MAX(high) AS high
FROM (SELECT TUMBLE_ROWTIME(`at`, INTERVAL '5' SECOND) AS w, COUNT(*) AS n, MAX(price) AS high FROM bids GROUP BY TUMBLE(`at`, INTERVAL '5' SECOND))
GROUP BY TUMBLE(w, INTERVAL '20' SECOND);

SELECT window_start, window_end, SUM(n) AS n, COUNT(DISTINCT item) AS items FROM TABLE(TUMBLE((
  SELECT window_time AS rt, item, COUNT(*) AS n FROM TABLE(SESSION(TABLE bids PARTITION BY item, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
  GROUP BY window_start, window_end, window_time, item), DESCRIPTOR(rt), INTERVAL '20' SECOND))
GROUP BY window_start, window_end;
