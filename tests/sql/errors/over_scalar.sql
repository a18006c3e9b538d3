-- | error[sql.not-supported]: UPPER(...) OVER is not supported yet
-- |   --> over_scalar.sql:16:8
-- |    |
-- | 16 | SELECT UPPER(note) OVER (PARTITION BY vendor_id ORDER BY pickup_at) FROM trips;
-- |    |        ^^^^^
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
SELECT UPPER(note) OVER (PARTITION BY vendor_id ORDER BY pickup_at) FROM trips;
