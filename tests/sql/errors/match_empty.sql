-- | error[sql.not-supported]: Flink does not run a pattern that may be empty in MATCH_RECOGNIZE
-- |   --> match_empty.sql:15:80
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a PATTERN (A*? B?) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                ^^^
-- | hint: At least one variable must take a row.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a PATTERN (A*? B?) DEFINE B AS B.fare > A.fare) AS m;
