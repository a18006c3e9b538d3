-- | error[sql.not-supported]: ROW_NUMBER(...) OVER inside an expression or clause is not supported yet
-- |   --> over_in_expression.sql:17:23
-- |    |
-- | 17 | SELECT vendor_id, 1 + ROW_NUMBER() OVER (PARTITION BY vendor_id ORDER BY pickup_at) FROM trips;
-- |    |                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Let it stand alone in the SELECT list of a subquery, with an alias.
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
SELECT vendor_id, 1 + ROW_NUMBER() OVER (PARTITION BY vendor_id ORDER BY pickup_at) FROM trips;
