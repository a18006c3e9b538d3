-- | error[sql.not-supported]: IN with a subquery is not supported yet
-- |   --> subquery.sql:16:37
-- |    |
-- | 16 | SELECT * FROM trips WHERE vendor_id IN (SELECT vendor_id FROM trips);
-- |    |                                     ^^
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
SELECT * FROM trips WHERE vendor_id IN (SELECT vendor_id FROM trips);
