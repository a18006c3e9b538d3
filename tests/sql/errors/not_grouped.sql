-- | error[sql.not-grouped]: `note` is neither in GROUP BY nor inside an aggregate function
-- |   --> not_grouped.sql:17:19
-- |    |
-- | 17 | SELECT vendor_id, note, COUNT(*) FROM trips GROUP BY vendor_id;
-- |    |                   ^^^^
-- | hint: Add `note` to GROUP BY, or aggregate it, such as MAX(note).
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
SELECT vendor_id, note, COUNT(*) FROM trips GROUP BY vendor_id;
