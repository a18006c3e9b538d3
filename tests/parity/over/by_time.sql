-- OVER in the order of event time and of processing time: frames of rows, of time, and of all so far.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE ticks (
  id INT, k STRING, v INT, price DECIMAL(10, 2), d DOUBLE, `at` TIMESTAMP(3), pt AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'ticks.jsonl', 'format' = 'json');
CREATE TABLE late (id INT, k STRING, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'late.jsonl', 'format' = 'json');

SELECT id, COUNT(*) OVER (PARTITION BY k ORDER BY `at`) AS n, SUM(id) OVER (PARTITION BY k ORDER BY `at`) AS s FROM late;
SELECT id, COUNT(*) OVER w AS n, SUM(v) OVER w AS s, AVG(v) OVER w AS a, MIN(price) OVER w AS lo, MAX(d) OVER w AS hi FROM ticks WINDOW w AS (PARTITION BY k ORDER BY `at`);
SELECT id, COUNT(v) OVER w AS n, SUM(price) OVER w AS s, AVG(price) OVER w AS a, STDDEV_POP(d) OVER w AS dev FROM ticks WINDOW w AS (PARTITION BY k ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);
SELECT id, COUNT(*) OVER w AS n, SUM(v) OVER w AS s, MIN(v) OVER w AS lo, FIRST_VALUE(v) OVER w AS f, LAST_VALUE(v) OVER w AS l FROM ticks WINDOW w AS (PARTITION BY k ORDER BY `at` ROWS BETWEEN 2 PRECEDING AND CURRENT ROW);
SELECT id, COUNT(*) OVER w AS n, SUM(d) OVER w AS s, MAX(price) OVER w AS hi, COUNT(DISTINCT v) OVER w AS c FROM ticks WINDOW w AS (PARTITION BY k ORDER BY `at` RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW);
SELECT id, FIRST_VALUE(v) OVER w AS f, LAST_VALUE(v) OVER w AS l FROM ticks WINDOW w AS (PARTITION BY k ORDER BY `at`);
SELECT id, COUNT(DISTINCT v) OVER w AS n, SUM(DISTINCT v) OVER w AS s, COUNT(DISTINCT price) OVER w AS p, MAX(DISTINCT d) OVER w AS hi, COUNT(*) OVER w AS c FROM ticks WINDOW w AS (PARTITION BY k ORDER BY `at`);
SELECT id, COUNT(DISTINCT k) OVER w AS n, AVG(DISTINCT v) OVER w AS a FROM ticks WINDOW w AS (ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);
SELECT id, COUNT(DISTINCT k) OVER (ORDER BY pt) AS n FROM ticks;
SELECT id, COUNT(DISTINCT k) OVER (ORDER BY `at`) AS n FROM late;
