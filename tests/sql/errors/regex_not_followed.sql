-- | error[sql.bad-argument]: REGEXP_COUNT does not take this \p in the regular expression '\\p{L}+'
-- |   --> regex_not_followed.sql:17:8
-- |    |
-- | 17 | SELECT REGEXP_COUNT(note, '\p{L}+') FROM trips;
-- |    |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Use characters, classes, groups, |, *, +, ?, {n,m}, ^ and $.
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
SELECT REGEXP_COUNT(note, '\p{L}+') FROM trips;
