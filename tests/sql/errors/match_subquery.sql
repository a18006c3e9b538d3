-- | error[sql.not-supported]: a subquery in DEFINE is not supported yet
-- |   --> match_subquery.sql:14:126
-- |    |
-- | 14 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > (SELECT MAX(fare) FROM trips)) AS m;
-- |    |                                                                                                                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > (SELECT MAX(fare) FROM trips)) AS m;
