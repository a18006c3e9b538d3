-- | error[sql.bad-argument]: `B` is defined twice
-- |   --> match_defined_twice.sql:15:134
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare, B AS B.fare > 1) AS m;
-- |    |                                                                                                                                      ^
-- | hint: Join both conditions by AND.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare, B AS B.fare > 1) AS m;
