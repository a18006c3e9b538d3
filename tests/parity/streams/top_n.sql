-- The first rows of each key, with and without their number; ties stay as they came.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, k STRING, v INT, price DECIMAL(10, 2), `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT k, v, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS rn FROM bids) WHERE rn <= 2;
SELECT k, v, id, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY price, id DESC) AS rn FROM bids) WHERE rn <= 3;
SELECT id, rn FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY v, `at`) AS rn FROM bids) WHERE rn <= 4;
SELECT k, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS rn FROM bids WHERE v > 0) WHERE rn = 1;
SELECT k, id, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id) AS rn FROM bids) WHERE rn BETWEEN 2 AND 3;
