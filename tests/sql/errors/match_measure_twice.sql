-- | error[sql.duplicate-column]: `vendor` is there twice
-- |   --> match_measure_twice.sql:14:89
-- |    |
-- | 14 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS vendor PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                         ^^^^^^
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS vendor PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
