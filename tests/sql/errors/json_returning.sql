-- | error[sql.bad-argument]: JSON_VALUE does not return BIGINT
-- |   --> json_returning.sql:17:8
-- |    |
-- | 17 | SELECT JSON_VALUE(note, '$.a' RETURNING BIGINT) FROM trips;
-- |    |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Let it return STRING and cast the result.
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
SELECT JSON_VALUE(note, '$.a' RETURNING BIGINT) FROM trips;
