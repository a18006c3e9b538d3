-- | error[sql.not-supported]: INSERT OVERWRITE is not supported yet
-- |   --> insert_overwrite.sql:18:8
-- |    |
-- | 18 | INSERT OVERWRITE totals SELECT vendor_id, fare_amount FROM trips;
-- |    |        ^^^^^^^^^
-- | hint: Write INSERT INTO, with a path that is empty before.
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
CREATE TABLE totals (vendor INT, total DOUBLE) WITH ('connector' = 'blackhole');
INSERT OVERWRITE totals SELECT vendor_id, fare_amount FROM trips;
