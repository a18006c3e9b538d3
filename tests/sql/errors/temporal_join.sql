-- | error[sql.not-supported]: `rates` cannot be looked up: `kafka` has no lookup
-- |   --> temporal_join.sql:12:40
-- |    |
-- | 12 | SELECT o.id, r.rate FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.p AS r ON o.k = r.k;
-- |    |                                        ^^^^^
-- | detail: Flink 2.3 has no processing-time join with the versions of a table either.
-- | hint: Join by event time, AS OF the rowtime of the left table; or use a table of the connector `jdbc`.
CREATE TABLE orders (id INT, k STRING, p AS PROCTIME(), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE rates (k STRING, rate DOUBLE, since TIMESTAMP(3), WATERMARK FOR since AS since,
  PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'r', 'format' = 'json');
SELECT o.id, r.rate FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.p AS r ON o.k = r.k;
