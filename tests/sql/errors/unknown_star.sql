-- | error[sql.unknown-table]: unknown table `x`
-- |   --> unknown_star.sql:17:8
-- |    |
-- | 17 | SELECT x.* FROM trips AS t;
-- |    |        ^
-- | hint: The tables here: `t`.
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
SELECT x.* FROM trips AS t;
