-- | error[sql.unknown-window]: unknown window `v`
-- |   --> over_named.sql:17:30
-- |    |
-- | 17 | SELECT SUM(fare_amount) OVER v FROM trips WINDOW w AS (ORDER BY pickup_at);
-- |    |                              ^
-- | hint: Windows here: w.
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
SELECT SUM(fare_amount) OVER v FROM trips WINDOW w AS (ORDER BY pickup_at);
