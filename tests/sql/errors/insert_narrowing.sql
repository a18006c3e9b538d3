-- | error[sql.sink-mismatch]: column 1 of the query, `EXPR$0`, is BIGINT and `vendor` of `totals` is INT
-- |   --> insert_narrowing.sql:20:27
-- |    |
-- | 20 | INSERT INTO totals SELECT CAST(vendor_id AS BIGINT), fare_amount FROM trips;
-- |    |                           ^^^^^^^^^^^^^^^^^^^^^^^^^
-- | detail: Query schema: [EXPR$0 BIGINT, fare_amount DOUBLE]
-- | Sink schema:  [vendor INT, total DOUBLE]
-- | hint: CAST it in the SELECT list: CAST(... AS INT).
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
INSERT INTO totals SELECT CAST(vendor_id AS BIGINT), fare_amount FROM trips;
