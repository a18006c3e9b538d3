-- | error[sql.bad-argument]: LAST cannot stand inside another function of rows
-- |   --> match_nested.sql:14:65
-- |    |
-- | 14 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES SUM(LAST(A.fare)) AS s PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                 ^^^^^^^^^^^^
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES SUM(LAST(A.fare)) AS s PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
