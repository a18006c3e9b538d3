-- | error[sql.not-a-sink]: `plain` cannot be written: the connector `datagen` has no sink
-- |   --> insert_into_source.sql:18:13
-- |    |
-- | 18 | INSERT INTO plain SELECT vendor_id, pickup_at FROM trips;
-- |    |             ^^^^^
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
CREATE TABLE plain (id INT, ts TIMESTAMP(3), proc AS PROCTIME())
WITH ('connector' = 'datagen');
INSERT INTO plain SELECT vendor_id, pickup_at FROM trips;
