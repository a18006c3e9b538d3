-- Arrays, maps and arrays of rows, with NULLs and empty ones; over streams and changes.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE baskets (
  id INT, tags ARRAY<STRING>, prices MAP<STRING, DECIMAL(10, 2)>,
  lines ARRAY<ROW<sku STRING, n INT>>, grid ARRAY<ARRAY<INT>>, `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'baskets.jsonl', 'format' = 'json');
CREATE TABLE changes (id INT, tags ARRAY<STRING>)
WITH ('connector' = 'filesystem', 'path' = 'changes.jsonl', 'format' = 'debezium-json');

SELECT id, tag FROM baskets CROSS JOIN UNNEST(tags) AS t(tag);
SELECT id, tag FROM baskets, UNNEST(tags) AS tag WHERE tag <> 'c';
SELECT id, tag, o FROM baskets LEFT JOIN UNNEST(tags) WITH ORDINALITY AS t(tag, o) ON TRUE;
SELECT id, `KEY`, `VALUE` FROM baskets LEFT JOIN UNNEST(prices) ON TRUE;
SELECT b.id, t.k, t.v + 1 AS more FROM baskets AS b INNER JOIN UNNEST(b.prices) AS t(k, v) ON TRUE WHERE t.v > 1;
SELECT id, sku, n FROM baskets CROSS JOIN UNNEST(lines);
SELECT id, a, b FROM baskets LEFT JOIN UNNEST(lines) AS l(a, b) ON TRUE;
SELECT id, x FROM baskets CROSS JOIN UNNEST(grid) AS g(`row`) CROSS JOIN UNNEST(g.`row`) AS c(x);
SELECT tag, COUNT(*) AS n, MAX(id) AS m FROM baskets CROSS JOIN UNNEST(tags) AS t(tag) GROUP BY tag;
SELECT window_start, tag, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE baskets, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) CROSS JOIN UNNEST(tags) AS t(tag) GROUP BY window_start, window_end, tag;
SELECT id, x FROM (SELECT id, SPLIT(UPPER(tags[1]), 'X') AS parts FROM baskets) CROSS JOIN UNNEST(parts) AS p(x);
SELECT x, o FROM UNNEST(ARRAY[3, 4]) WITH ORDINALITY AS t(x, o);
SELECT id, tag FROM changes CROSS JOIN UNNEST(tags) AS t(tag);
SELECT id, tag FROM changes LEFT JOIN UNNEST(tags) AS t(tag) ON TRUE WHERE id <> 2;
SELECT tag, COUNT(*) AS n FROM changes CROSS JOIN UNNEST(tags) AS t(tag) GROUP BY tag;
SELECT tag, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY tag ORDER BY id DESC) AS rn FROM changes CROSS JOIN UNNEST(tags) AS t(tag)) WHERE rn = 1;
