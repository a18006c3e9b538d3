-- Each order with the rate that held at its time: versions by primary key, by deduplication, by changes.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE orders (
  id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '15' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'json');
CREATE TABLE rates (
  k STRING, rate DOUBLE, note STRING, since TIMESTAMP(3),
  WATERMARK FOR since AS since - INTERVAL '30' SECOND, PRIMARY KEY (k) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = 'rates.jsonl', 'format' = 'json');
CREATE TABLE history (
  k STRING, rate DOUBLE, note STRING, since TIMESTAMP(3), WATERMARK FOR since AS since - INTERVAL '30' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'rates.jsonl', 'format' = 'json');
CREATE TABLE changes (
  k STRING, rate DOUBLE, since TIMESTAMP(3),
  WATERMARK FOR since AS since - INTERVAL '30' SECOND, PRIMARY KEY (k) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = 'changes.jsonl', 'format' = 'debezium-json');
CREATE VIEW latest AS
SELECT k, rate, note, since
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY since DESC) AS rn FROM history)
WHERE rn = 1;

SELECT o.id, o.k, r.rate, r.note, o.`at`, r.since FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k;
SELECT o.id, o.k, r.k AS rk, r.rate FROM orders AS o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k AND r.rate > 1.15;
SELECT o.id, o.k, r.k AS rk, r.rate FROM orders AS o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k AND o.v > 50 WHERE o.id > 1;
SELECT o.id, o.k, r.rate FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k AND o.v > 10 AND r.rate < 1.4;
SELECT o.id, r.rate, r.note FROM orders AS o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k AND o.k || 'x' = r.note;
SELECT o.id, l.rate, l.note FROM orders AS o LEFT JOIN latest FOR SYSTEM_TIME AS OF o.`at` AS l ON o.k = l.k;
SELECT o.id, c.rate, c.since FROM orders AS o LEFT JOIN changes FOR SYSTEM_TIME AS OF o.`at` AS c ON o.k = c.k;
SELECT o.id, c.rate, c.since FROM orders AS o JOIN changes FOR SYSTEM_TIME AS OF o.`at` AS c ON o.k = c.k;
SELECT a.id, r.rate, q.rate AS rate2 FROM orders a JOIN rates FOR SYSTEM_TIME AS OF a.`at` AS r ON a.k = r.k LEFT JOIN changes FOR SYSTEM_TIME AS OF a.`at` AS q ON q.k = a.k;
CREATE VIEW priced AS SELECT o.k, r.rate, o.`at` FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k;
SELECT k, COUNT(*) AS n, SUM(rate) AS s, window_end FROM TABLE(TUMBLE(TABLE priced, DESCRIPTOR(`at`), INTERVAL '20' SECOND)) GROUP BY k, window_start, window_end;
