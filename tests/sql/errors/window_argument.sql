-- | error[sql.bad-window]: TUMBLE names its time column as DESCRIPTOR(column)
-- |   --> window_argument.sql:17:41
-- |    |
-- | 17 | SELECT * FROM TABLE(TUMBLE(TABLE trips, pickup_at, INTERVAL '1' HOUR));
-- |    |                                         ^^^^^^^^^
-- | hint: Write TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)).
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
SELECT * FROM TABLE(TUMBLE(TABLE trips, pickup_at, INTERVAL '1' HOUR));
