-- | error[sql.sink-mismatch]: column 1 of the query, `note`, is STRING and `vendor` of `totals` is INT
-- |   --> insert_type.sql:20:27
-- |    |
-- | 20 | INSERT INTO totals SELECT note, fare_amount FROM trips;
-- |    |                           ^^^^
-- | detail: Query schema: [note STRING, fare_amount DOUBLE]
-- | Sink schema:  [vendor INT, total DOUBLE]
-- | hint: CAST it in the SELECT list: CAST(note AS INT).
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
INSERT INTO totals SELECT note, fare_amount FROM trips;
