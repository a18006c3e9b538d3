-- | error[sql.bad-window]: TUMBLE_START cannot stand in the SELECT list
-- |   --> window_start_alone.sql:17:8
-- |    |
-- | 17 | SELECT TUMBLE_START(pickup_at, INTERVAL '2' HOUR) FROM trips;
-- |    |        ^^^^^^^^^^^^
-- | hint: It needs GROUP BY TUMBLE(...) with the same arguments in the same query.
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
SELECT TUMBLE_START(pickup_at, INTERVAL '2' HOUR) FROM trips;
