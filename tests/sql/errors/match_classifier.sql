-- | error[sql.not-supported]: Flink does not run CLASSIFIER in MATCH_RECOGNIZE
-- |   --> match_classifier.sql:15:61
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES CLASSIFIER() AS c PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                             ^^^^^^^^^^
-- | hint: COUNT(B.id) > 0 tells whether B took rows.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES CLASSIFIER() AS c PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
