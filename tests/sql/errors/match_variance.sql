-- | error[sql.not-supported]: STDDEV_POP in MATCH_RECOGNIZE is not supported yet
-- |   --> match_variance.sql:15:61
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES STDDEV_POP(A.fare) AS s PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                             ^^^^^^^^^^
-- | hint: Use one of COUNT, SUM, AVG, MIN, MAX, FIRST_VALUE, LAST_VALUE, LISTAGG, ARRAY_AGG.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES STDDEV_POP(A.fare) AS s PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
