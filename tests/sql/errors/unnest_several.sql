-- | error[sql.not-supported]: UNNEST of several collections is not supported yet
-- |   --> unnest_several.sql:17:15
-- |    |
-- | 17 | SELECT * FROM UNNEST(ARRAY[1], ARRAY['a']) AS t(x, y);
-- |    |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Unnest one after the other, or WITH ORDINALITY and compare the places.
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
SELECT * FROM UNNEST(ARRAY[1], ARRAY['a']) AS t(x, y);
