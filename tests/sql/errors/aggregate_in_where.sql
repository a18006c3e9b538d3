-- | error[sql.misplaced-aggregate]: the aggregate function COUNT cannot stand in WHERE
-- |   --> aggregate_in_where.sql:17:35
-- |    |
-- | 17 | SELECT vendor_id FROM trips WHERE COUNT(*) > 1 GROUP BY vendor_id;
-- |    |                                   ^^^^^
-- | hint: Aggregate in the SELECT list, and test the result in HAVING.
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
SELECT vendor_id FROM trips WHERE COUNT(*) > 1 GROUP BY vendor_id;
