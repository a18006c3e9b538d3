-- | error[sql.not-supported]: RIGHT JOIN with FOR SYSTEM_TIME AS OF is not Flink SQL
-- |   --> temporal_right.sql:11:27
-- |    |
-- | 11 | SELECT o.id FROM orders o RIGHT JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.k = r.k;
-- |    |                           ^^^^^^^^^^
-- | hint: Write [LEFT] JOIN t FOR SYSTEM_TIME AS OF ... ON left.key = t.key.
CREATE TABLE orders (id INT, k STRING, p AS PROCTIME(), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE rates (k STRING, rate DOUBLE, since TIMESTAMP(3), WATERMARK FOR since AS since,
  PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'r', 'format' = 'json');
SELECT o.id FROM orders o RIGHT JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.k = r.k;
