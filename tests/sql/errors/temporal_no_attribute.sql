-- | error[sql.not-time-attribute]: `k` is not a time attribute
-- |   --> temporal_no_attribute.sql:11:60
-- |    |
-- | 11 | SELECT o.id FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.k AS r ON o.k = r.k;
-- |    |                                                            ^^^
-- | hint: It takes the rowtime or the PROCTIME() column of the left table.
CREATE TABLE orders (id INT, k STRING, p AS PROCTIME(), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE rates (k STRING, rate DOUBLE, since TIMESTAMP(3), WATERMARK FOR since AS since,
  PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'r', 'format' = 'json');
SELECT o.id FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.k AS r ON o.k = r.k;
