-- | error[sql.not-supported]: GROUPING SETS is not supported yet
-- |   --> grouping_sets.sql:16:37
-- |    |
-- | 16 | SELECT COUNT(*) FROM trips GROUP BY GROUPING SETS ((vendor_id), ());
-- |    |                                     ^^^^^^^^
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
SELECT COUNT(*) FROM trips GROUP BY GROUPING SETS ((vendor_id), ());
