-- | error[sql.bad-argument]: WITHIN takes an interval above zero
-- |   --> match_within_zero.sql:14:112
-- |    |
-- | 14 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) WITHIN INTERVAL '0' SECOND DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                                                ^^^^^^^^^^^^^^^^^^^
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) WITHIN INTERVAL '0' SECOND DEFINE B AS B.fare > A.fare) AS m;
