-- | error[sql.sink-mismatch]: the column `id` of `k` is NOT NULL and gets no value
-- |   --> insert_not_null.sql:18:13
-- |    |
-- | 18 | INSERT INTO k (x) SELECT vendor_id FROM trips;
-- |    |             ^
-- | hint: Add it to the column list.
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
CREATE TABLE k (id INT NOT NULL, x INT) WITH ('connector' = 'blackhole');
INSERT INTO k (x) SELECT vendor_id FROM trips;
