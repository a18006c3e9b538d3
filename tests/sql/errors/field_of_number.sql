-- | error[sql.type-mismatch]: `x` is asked of a value of type INT, which has no fields
-- |   --> field_of_number.sql:17:18
-- |    |
-- | 17 | SELECT vendor_id.x FROM trips;
-- |    |                  ^
-- | hint: Only ROW values have fields; a map's value is `m['key']`.
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
SELECT vendor_id.x FROM trips;
