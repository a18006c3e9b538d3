-- | error[sql.ambiguous-column]: more than one column is named `a`
-- |   --> ambiguous_column.sql:17:8
-- |    |
-- | 17 | SELECT a FROM (SELECT vendor_id AS a, note AS a FROM trips);
-- |    |        ^
-- | hint: Give the columns different names with AS.
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
SELECT a FROM (SELECT vendor_id AS a, note AS a FROM trips);
