-- | error[sql.unknown-column]: unknown table or column `trips`
-- |   --> unknown_column_qualified.sql:17:21
-- |    |
-- | 17 | SELECT t.vendor_id, trips.note FROM trips AS t;
-- |    |                     ^^^^^
-- | hint: Columns here: vendor_id, fare_amount, note, tags, place, amounts, pickup_at.
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
SELECT t.vendor_id, trips.note FROM trips AS t;
