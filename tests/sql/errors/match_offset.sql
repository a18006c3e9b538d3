-- | error[sql.bad-argument]: the offset of LAST is a number from 0, as written
-- |   --> match_offset.sql:15:74
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES LAST(A.fare, -1) AS s PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                          ^^
-- | hint: Write LAST(A.price, 1).
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES LAST(A.fare, -1) AS s PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
