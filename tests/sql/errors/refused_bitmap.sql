-- | error[sql.not-supported]: BITMAP_BUILD is about the type BITMAP, which is not supported yet
-- |   --> refused_bitmap.sql:17:8
-- |    |
-- | 17 | SELECT BITMAP_BUILD(ARRAY[vendor_id]) FROM trips;
-- |    |        ^^^^^^^^^^^^
-- | hint: Use ARRAY<INT>.
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
SELECT BITMAP_BUILD(ARRAY[vendor_id]) FROM trips;
