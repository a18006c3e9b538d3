-- | error[sql.syntax]: expected `AS`, found `PATTERN`
-- |   --> match_no_alias.sql:15:66
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                  ^^^^^^^
-- | hint: Every measure has a name: LAST(A.price) AS price.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
