-- | error[sql.not-supported]: OVER with WINDOW or * in a query with GROUP BY is not supported yet
-- |   --> over_grouped.sql:17:29
-- |    |
-- | 17 | SELECT vendor_id, COUNT(*), ROW_NUMBER() OVER w FROM trips GROUP BY vendor_id WINDOW w AS (ORDER BY vendor_id);
-- |    |                             ^^^^^^^^^^^^^^^^^^^
-- | hint: Put the GROUP BY into a subquery: FROM (SELECT ... GROUP BY ...).
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
SELECT vendor_id, COUNT(*), ROW_NUMBER() OVER w FROM trips GROUP BY vendor_id WINDOW w AS (ORDER BY vendor_id);
