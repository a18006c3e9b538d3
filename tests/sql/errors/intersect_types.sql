-- | error[sql.type-mismatch]: column 1 of INTERSECT ALL has no common type: INT and ARRAY<STRING>
-- |   --> intersect_types.sql:17:43
-- |    |
-- | 17 | SELECT vendor_id FROM trips INTERSECT ALL SELECT tags FROM trips;
-- |    |                                           ^^^^^^^^^^^^^^^^^^^^^^
-- | hint: CAST the column to the same type in each query.
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
SELECT vendor_id FROM trips INTERSECT ALL SELECT tags FROM trips;
