-- | error[sql.not-supported]: Flink does not run DISTINCT in MATCH_RECOGNIZE
-- |   --> match_distinct.sql:15:61
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES COUNT(DISTINCT A.id) AS s PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                             ^^^^^^^^^^^^^^^^^^^^
-- | hint: COUNT is over all rows of the variable.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES COUNT(DISTINCT A.id) AS s PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
