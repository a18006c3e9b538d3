-- | error[sql.misplaced-aggregate]: the aggregate function COUNT cannot stand in the arguments of MAX
-- |   --> aggregate_nested.sql:17:12
-- |    |
-- | 17 | SELECT MAX(COUNT(*)) FROM trips GROUP BY vendor_id;
-- |    |            ^^^^^
-- | hint: Aggregate in the SELECT list of a query with GROUP BY.
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
SELECT MAX(COUNT(*)) FROM trips GROUP BY vendor_id;
