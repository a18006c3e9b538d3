-- | error[sql.sink-mismatch]: the column `vendor_id` is NOT NULL, and the query's may be NULL
-- |   --> create_table_as_null.sql:17:17
-- |    |
-- | 17 | CREATE TABLE t (vendor_id INT NOT NULL) WITH ('connector' = 'blackhole') AS SELECT vendor_id FROM trips;
-- |    |                 ^^^^^^^^^
-- | hint: Declare it without NOT NULL, or use COALESCE in the query.
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
CREATE TABLE t (vendor_id INT NOT NULL) WITH ('connector' = 'blackhole') AS SELECT vendor_id FROM trips;
