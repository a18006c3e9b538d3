-- | error[sql.type-mismatch]: NULL has no type in VALUES
-- |   --> insert_null.sql:18:31
-- |    |
-- | 18 | INSERT INTO totals VALUES (1, NULL);
-- |    |                               ^^^^
-- | hint: Write CAST(NULL AS type).
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
INSERT INTO totals VALUES (1, NULL);
