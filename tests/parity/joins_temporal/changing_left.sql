-- A changelog on the left: each change meets the version of its own time.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE orders (
  id INT, k STRING, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '30' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'order_changes.jsonl', 'format' = 'debezium-json');
CREATE TABLE rates (
  k STRING, rate DOUBLE, note STRING, since TIMESTAMP(3),
  WATERMARK FOR since AS since - INTERVAL '30' SECOND, PRIMARY KEY (k) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = 'rates.jsonl', 'format' = 'json');

SELECT o.id, o.k, r.rate, r.note FROM orders o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k;
SELECT o.id, o.k, r.rate FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k;
SELECT r.note, COUNT(*) AS n, SUM(r.rate) AS s FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.`at` AS r ON o.k = r.k GROUP BY r.note;
