-- | error[sql.sink-mismatch]: the query has 3 columns and `totals` takes 2
-- |   --> insert_count.sql:20:13
-- |    |
-- | 20 | INSERT INTO totals SELECT vendor_id, fare_amount, note FROM trips;
-- |    |             ^^^^^^
-- | detail: Query schema: [vendor_id INT, fare_amount DOUBLE, note STRING]
-- | Sink schema:  [vendor INT, total DOUBLE]
-- | hint: Select as many columns as the table has, in its order, or name the columns behind the table: INSERT INTO t (a, b) SELECT ...
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
INSERT INTO totals SELECT vendor_id, fare_amount, note FROM trips;
