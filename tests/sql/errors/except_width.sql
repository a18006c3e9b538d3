-- | error[sql.column-count]: EXCEPT of 1 and 2 columns
-- |   --> except_width.sql:16:36
-- |    |
-- | 16 | SELECT vendor_id FROM trips EXCEPT SELECT vendor_id, note FROM trips;
-- |    |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
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
SELECT vendor_id FROM trips EXCEPT SELECT vendor_id, note FROM trips;
