-- | error[sql.not-supported]: two MATCH_RECOGNIZE that differ only in MEASURES are not supported in one job
-- |   --> match_alike_measures.sql:15:42
-- |    |
-- | 15 | CREATE VIEW rises AS SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                          ^^^^^^^^^^^^^^^
-- | detail: Flink's planner takes them for the same, and gives both the rows of one.
-- | hint: Give a measure another name in one of them, or run them as two pipelines.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
CREATE VIEW rises AS SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
SELECT * FROM rises WHERE a > 1 UNION ALL SELECT * FROM rises;
SELECT m.a, r.a FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES B.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m JOIN rises AS r ON m.a = r.a;
