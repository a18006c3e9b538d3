SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE baskets (
  id INT, tags ARRAY<STRING>, lines ARRAY<ROW<sku STRING, n INT>>, `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'baskets.jsonl', 'format' = 'json');

SELECT id, x FROM (SELECT id, COLLECT(v) AS m FROM baskets CROSS JOIN UNNEST(tags) AS t(v) GROUP BY id) CROSS JOIN UNNEST(m) AS u(x);
SELECT x, COUNT(*) AS n FROM (SELECT id, COLLECT(v) AS m FROM baskets CROSS JOIN UNNEST(tags) AS t(v) GROUP BY id) CROSS JOIN UNNEST(m) AS u(x) GROUP BY x;
