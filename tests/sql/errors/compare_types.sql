-- | error[sql.bad-argument]: = cannot compare INT with CHAR(3)
-- |   --> compare_types.sql:17:27
-- |    |
-- | 17 | SELECT * FROM trips WHERE vendor_id = 'one' OR note = 5;
-- |    |                           ^^^^^^^^^^^^^^^^^
-- | hint: Cast one side to the other's type.
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
SELECT * FROM trips WHERE vendor_id = 'one' OR note = 5;
