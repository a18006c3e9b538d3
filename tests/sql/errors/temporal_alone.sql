-- | error[sql.not-supported]: FOR SYSTEM_TIME AS OF stands at the right side of a JOIN only
-- |   --> temporal_alone.sql:11:43
-- |    |
-- | 11 | SELECT * FROM rates FOR SYSTEM_TIME AS OF TIMESTAMP '2026-01-01 00:00:00';
-- |    |                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Write FROM t JOIN v FOR SYSTEM_TIME AS OF t.rowtime ON t.k = v.k.
CREATE TABLE orders (id INT, k STRING, p AS PROCTIME(), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE rates (k STRING, rate DOUBLE, since TIMESTAMP(3), WATERMARK FOR since AS since,
  PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'r', 'format' = 'json');
SELECT * FROM rates FOR SYSTEM_TIME AS OF TIMESTAMP '2026-01-01 00:00:00';
