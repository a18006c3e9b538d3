-- | error[sql.unknown-column]: `totals` has no column `totl` to write
-- |   --> insert_unknown_column.sql:18:29
-- |    |
-- | 18 | INSERT INTO totals (vendor, totl) SELECT vendor_id, fare_amount FROM trips;
-- |    |                             ^^^^
-- | hint: Did you mean `total`?
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
INSERT INTO totals (vendor, totl) SELECT vendor_id, fare_amount FROM trips;
