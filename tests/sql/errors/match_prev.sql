-- | error[sql.not-supported]: Flink does not run PREV in MATCH_RECOGNIZE
-- |   --> match_prev.sql:15:126
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > PREV(B.fare)) AS m;
-- |    |                                                                                                                              ^^^^
-- | hint: LAST(A.price, 1) is the row before among those of A.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > PREV(B.fare)) AS m;
