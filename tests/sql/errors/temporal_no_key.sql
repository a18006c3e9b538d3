-- | error[sql.not-versioned]: `v` has no primary key, so its rows have no versions
-- |   --> temporal_no_key.sql:12:32
-- |    |
-- | 12 | SELECT o.id FROM orders o JOIN v FOR SYSTEM_TIME AS OF o.ts AS r ON o.k = r.k;
-- |    |                                ^
-- | hint: Add PRIMARY KEY (...) NOT ENFORCED to the table, or join a view that keeps the last row of each key: ROW_NUMBER() OVER (PARTITION BY key ORDER BY rowtime DESC) = 1.
CREATE TABLE orders (id INT, k STRING, p AS PROCTIME(), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE rates (k STRING, rate DOUBLE, since TIMESTAMP(3), WATERMARK FOR since AS since,
  PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'r', 'format' = 'json');
CREATE VIEW v AS SELECT k || '' AS k, rate, since FROM rates;
SELECT o.id FROM orders o JOIN v FOR SYSTEM_TIME AS OF o.ts AS r ON o.k = r.k;
