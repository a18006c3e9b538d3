-- | error[sql.not-versioned]: the join does not equal the key `k` of `rates`
-- |   --> temporal_key.sql:11:32
-- |    |
-- | 11 | SELECT o.id FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.id = r.rate;
-- |    |                                ^^^^^
-- | hint: Add ON ... = rates.k to the condition.
CREATE TABLE orders (id INT, k STRING, p AS PROCTIME(), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE rates (k STRING, rate DOUBLE, since TIMESTAMP(3), WATERMARK FOR since AS since,
  PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'r', 'format' = 'json');
SELECT o.id FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.id = r.rate;
