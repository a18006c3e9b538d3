-- | error[sql.bad-window]: TUMBLE_START has no TUMBLE with the same arguments in GROUP BY
-- |   --> window_group_start.sql:17:8
-- |    |
-- | 17 | SELECT TUMBLE_START(pickup_at, INTERVAL '2' HOUR), COUNT(*)
-- |    |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Repeat the arguments of TUMBLE(...) from GROUP BY exactly.
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
SELECT TUMBLE_START(pickup_at, INTERVAL '2' HOUR), COUNT(*)
FROM trips GROUP BY TUMBLE(pickup_at, INTERVAL '1' HOUR);
