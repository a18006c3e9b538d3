-- | error[sql.syntax]: an alias stands behind MATCH_RECOGNIZE (...), not before it
-- |   --> match_alias_before.sql:15:24
-- |    |
-- | 15 | SELECT * FROM trips AS t MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                        ^
-- | hint: FROM t MATCH_RECOGNIZE (...) AS m
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips AS t MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
