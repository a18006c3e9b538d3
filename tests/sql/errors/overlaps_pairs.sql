-- | error[sql.syntax]: OVERLAPS stands between two pairs
-- |   --> overlaps_pairs.sql:17:8
-- |    |
-- | 17 | SELECT note OVERLAPS note FROM trips;
-- |    |        ^^^^
-- | hint: Write (start, end) OVERLAPS (start, INTERVAL '1' HOUR).
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
SELECT note OVERLAPS note FROM trips;
