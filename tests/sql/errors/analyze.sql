-- | error[sql.not-supported]: ANALYZE is not supported yet
-- |   --> analyze.sql:17:1
-- |    |
-- | 17 | ANALYZE TABLE trips COMPUTE STATISTICS;
-- |    | ^^^^^^^
-- | hint: Leave it out: plans here need no statistics.
CREATE TABLE trips (
  vendor_id INT,
  fare_amount DOUBLE,
  note STRING,
  tags ARRAY<STRING>,
  place ROW<`zone` INT, city STRING>,
  amounts MAP<STRING, DECIMAL(10, 2)>,
  pickup_at TIMESTAMP(3),
  WATERMARK FOR pickup_at AS pickup_at - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
ANALYZE TABLE trips COMPUTE STATISTICS;
