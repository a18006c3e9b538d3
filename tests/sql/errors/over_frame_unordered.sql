-- | error[sql.bad-argument]: a frame needs an ORDER BY in its OVER
-- |   --> over_frame_unordered.sql:17:54
-- |    |
-- | 17 | SELECT SUM(fare_amount) OVER (PARTITION BY vendor_id ROWS 5 PRECEDING) FROM trips;
-- |    |                                                      ^^^^^^^^^^^^^^^^
-- | hint: Say in which order the rows stand: OVER (PARTITION BY k ORDER BY ts ROWS ...).
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
SELECT SUM(fare_amount) OVER (PARTITION BY vendor_id ROWS 5 PRECEDING) FROM trips;
