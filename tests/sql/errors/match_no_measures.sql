-- | error[sql.bad-argument]: MATCH_RECOGNIZE needs MEASURES
-- |   --> match_no_measures.sql:15:21
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                     ^^^^^^^^^^^^^^^
-- | hint: MEASURES A.id AS first_id says what a match gives.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
