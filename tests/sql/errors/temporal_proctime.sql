-- | error[sql.not-supported]: an expression in FOR SYSTEM_TIME AS OF is not supported yet
-- |   --> temporal_proctime.sql:11:60
-- |    |
-- | 11 | SELECT o.id FROM orders o JOIN rates FOR SYSTEM_TIME AS OF PROCTIME() AS r ON o.k = r.k;
-- |    |                                                            ^^^^^^^^^^
-- | hint: Add a column `p AS PROCTIME()` to the left table, and write AS OF that.
CREATE TABLE orders (id INT, k STRING, p AS PROCTIME(), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE rates (k STRING, rate DOUBLE, since TIMESTAMP(3), WATERMARK FOR since AS since,
  PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'r', 'format' = 'json');
SELECT o.id FROM orders o JOIN rates FOR SYSTEM_TIME AS OF PROCTIME() AS r ON o.k = r.k;
