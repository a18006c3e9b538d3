-- | error[sql.not-supported]: Flink does not run a greedy quantifier at the end of a pattern in MATCH_RECOGNIZE
-- |   --> match_greedy_last.sql:15:102
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B+) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                                      ^^
-- | hint: End it with a variable that is not B: DEFINE Z AS NOT (the condition of B), or make B reluctant.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B+) DEFINE B AS B.fare > A.fare) AS m;
