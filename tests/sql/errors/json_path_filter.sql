-- | error[sql.bad-argument]: JSON_VALUE does not take the path '$.a[?(@.b > 1)]'
-- |   --> json_path_filter.sql:17:8
-- |    |
-- | 17 | SELECT JSON_VALUE(note, '$.a[?(@.b > 1)]') FROM trips;
-- |    |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Use names, indexes, slices, * and .., as in $.a.b[0], $['a b'], $.a[*].c or $..c.
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
SELECT JSON_VALUE(note, '$.a[?(@.b > 1)]') FROM trips;
