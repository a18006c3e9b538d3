-- | error[sql.syntax]: expected an expression, found `/*+`
-- |   --> select_star_hint.sql:16:19
-- |    |
-- | 16 | SELECT vendor_id, /*+ x */ note FROM trips;
-- |    |                   ^^^
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
SELECT vendor_id, /*+ x */ note FROM trips;
