-- | error[sql.not-supported]: the query hint STATE_TTL is not supported yet
-- |   --> hint.sql:17:12
-- |    |
-- | 17 | SELECT /*+ STATE_TTL('trips' = '1d') */ * FROM trips;
-- |    |            ^^^^^^^^^
-- | hint: LOOKUP is supported.
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
SELECT /*+ STATE_TTL('trips' = '1d') */ * FROM trips;
