-- | error[sql.not-supported]: LEFT OUTER JOIN is not supported yet
-- |   --> join.sql:18:21
-- |    |
-- | 18 | SELECT * FROM trips LEFT OUTER JOIN totals ON vendor_id = vendor;
-- |    |                     ^^^^^^^^^^^^^^^
-- | hint: A pipeline reads one table per query for now; UNION ALL is supported.
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
CREATE TABLE totals (vendor INT, total DOUBLE) WITH ('connector' = 'blackhole');
SELECT * FROM trips LEFT OUTER JOIN totals ON vendor_id = vendor;
