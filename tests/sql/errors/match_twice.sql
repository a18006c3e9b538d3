-- | error[sql.not-supported]: Flink does not run a variable that is there twice in MATCH_RECOGNIZE
-- |   --> match_twice.sql:15:104
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B A) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                                        ^
-- | hint: Give each place its own variable.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B A) DEFINE B AS B.fare > A.fare) AS m;
