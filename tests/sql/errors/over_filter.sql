-- | error[sql.bad-argument]: FILTER and OVER do not go together in Flink
-- |   --> over_filter.sql:17:8
-- |    |
-- | 17 | SELECT SUM(fare_amount) FILTER (WHERE fare_amount > 1) OVER (ORDER BY pickup_at) FROM trips;
-- |    |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Write SUM(CASE WHEN condition THEN value END) OVER (...).
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
SELECT SUM(fare_amount) FILTER (WHERE fare_amount > 1) OVER (ORDER BY pickup_at) FROM trips;
