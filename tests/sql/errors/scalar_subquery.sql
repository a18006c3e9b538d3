-- | error[sql.not-supported]: a subquery in an expression is not supported yet
-- |   --> scalar_subquery.sql:16:8
-- |    |
-- | 16 | SELECT (SELECT 1) FROM trips;
-- |    |        ^
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
SELECT (SELECT 1) FROM trips;
