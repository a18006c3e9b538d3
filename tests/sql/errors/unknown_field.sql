-- | error[sql.unknown-column]: unknown field `cty`
-- |   --> unknown_field.sql:17:14
-- |    |
-- | 17 | SELECT place.cty FROM trips;
-- |    |              ^^^
-- | hint: Did you mean `city`?
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
SELECT place.cty FROM trips;
