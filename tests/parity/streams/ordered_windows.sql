-- The same in windows; those that do not depend on the order of panes in HOP.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, k STRING, v INT, price DECIMAL(10, 2), `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT window_start, k, FIRST_VALUE(v) AS f, LAST_VALUE(v) AS l, LISTAGG(CAST(v AS STRING)) AS s, COLLECT(CAST(v AS STRING)) AS c, ARRAY_AGG(v) AS a, JSON_ARRAYAGG(v) AS j, JSON_OBJECTAGG(KEY CAST(id AS STRING) VALUE v) AS o, PERCENTILE(v, 0.3) AS p FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;
SELECT window_start, k, COLLECT(CAST(v AS STRING)) AS c, PERCENTILE(v, 0.3) AS p FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;
SELECT window_start, LISTAGG(CAST(id AS STRING)) AS s, LAST_VALUE(k) AS l FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
