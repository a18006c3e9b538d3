-- OVER beside the frames: LAG, ROW_NUMBER, processing time, and what stands above OVER.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE ticks (
  id INT, k STRING, v INT, price DECIMAL(10, 2), d DOUBLE, `at` TIMESTAMP(3), pt AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'ticks.jsonl', 'format' = 'json');

SELECT id, LAG(id) OVER (PARTITION BY k ORDER BY `at`) AS p, LAG(COALESCE(id, 0), 2, 0) OVER (PARTITION BY k ORDER BY `at`) AS pp, LAG(v, 1, id) OVER (PARTITION BY k ORDER BY `at`) AS pd FROM ticks;
SELECT id, ROW_NUMBER() OVER (PARTITION BY k ORDER BY `at`) AS rn FROM ticks;
SELECT id, v - AVG(v) OVER (ORDER BY `at` ROWS 3 PRECEDING) AS more FROM ticks WHERE v IS NOT NULL;
SELECT id, SUM(v) OVER (PARTITION BY k ORDER BY pt) AS s, COUNT(*) OVER (PARTITION BY k ORDER BY pt) AS n FROM ticks;
SELECT id, SUM(v) OVER (PARTITION BY k ORDER BY pt ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM ticks;
SELECT id, LAG(v) OVER (PARTITION BY k ORDER BY pt) AS p FROM ticks;
SELECT k, MAX(n) AS m FROM (SELECT k, COUNT(*) OVER (PARTITION BY k ORDER BY `at`) AS n FROM ticks) GROUP BY k;
SELECT window_start, SUM(n) AS s FROM TABLE(TUMBLE((SELECT `at`, COUNT(*) OVER (PARTITION BY k ORDER BY `at`) AS n FROM ticks), DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
