-- | error[sql.not-versioned]: `plain` has no event time, so its rows have no versions
-- |   --> temporal_no_time.sql:12:32
-- |    |
-- | 12 | SELECT o.id FROM orders o JOIN plain FOR SYSTEM_TIME AS OF o.ts AS r ON o.k = r.k;
-- |    |                                ^^^^^
-- | hint: Add WATERMARK FOR <column> AS <column> - INTERVAL '5' SECOND to it.
CREATE TABLE orders (id INT, k STRING, p AS PROCTIME(), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE rates (k STRING, rate DOUBLE, since TIMESTAMP(3), WATERMARK FOR since AS since,
  PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'r', 'format' = 'json');
CREATE TABLE plain (k STRING, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'p', 'format' = 'json');
SELECT o.id FROM orders o JOIN plain FOR SYSTEM_TIME AS OF o.ts AS r ON o.k = r.k;
