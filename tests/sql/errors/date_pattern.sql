-- | error[sql.bad-argument]: DATE_FORMAT does not take 'QQQ' in the date pattern 'QQQ'
-- |   --> date_pattern.sql:17:8
-- |    |
-- | 17 | SELECT DATE_FORMAT(note, 'QQQ') FROM trips;
-- |    |        ^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Use of yyyy, yy, MM, M, dd, d, HH, H, hh, h, mm, m, ss, s, SSS; quote other letters, as 'T'.
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
SELECT DATE_FORMAT(note, 'QQQ') FROM trips;
