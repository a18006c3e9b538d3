-- | error[sql.bad-option]: STATE_TTL names `trips`, which this query does not join
-- |   --> hint.sql:17:22
-- |    |
-- | 17 | SELECT /*+ STATE_TTL('trips' = '1d') */ * FROM trips;
-- |    |                      ^^^^^^^
-- | hint: For GROUP BY, SET 'table.exec.state.ttl'.
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
