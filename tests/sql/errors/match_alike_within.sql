-- | error[sql.not-supported]: two MATCH_RECOGNIZE that differ only in WITHIN are not supported in one job
-- |   --> match_alike_within.sql:17:21
-- |    |
-- | 17 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a PATTERN (A B+? C) WITHIN INTERVAL '1' HOUR DEFINE B AS B.fare > A.fare) AS n;
-- |    |                     ^^^^^^^^^^^^^^^
-- | detail: Flink's planner takes them for the same, and gives both the rows of one.
-- | hint: Give a measure another name in one of them, or run them as two pipelines.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a PATTERN (A B+? C) DEFINE B AS B.fare > A.fare) AS m
UNION ALL
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a PATTERN (A B+? C) WITHIN INTERVAL '1' HOUR DEFINE B AS B.fare > A.fare) AS n;
