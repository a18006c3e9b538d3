-- | error[sql.not-supported]: two MATCH_RECOGNIZE that differ only in WITHIN are not supported in one job
-- |   --> match_alike_inserts.sql:16:39
-- |    |
-- | 16 | INSERT INTO rises SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a PATTERN (A B) WITHIN INTERVAL '2' HOUR DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                       ^^^^^^^^^^^^^^^
-- | detail: Flink's planner takes them for the same, and gives both the rows of one.
-- | hint: Give a measure another name in one of them, or run them as two pipelines.
CREATE TABLE trips (
  id INT,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
CREATE TABLE rises (a INT) WITH ('connector' = 'kafka', 'topic' = 'rises', 'format' = 'json');
INSERT INTO rises SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a PATTERN (A B) WITHIN INTERVAL '1' HOUR DEFINE B AS B.fare > A.fare) AS m;
INSERT INTO rises SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.id AS a PATTERN (A B) WITHIN INTERVAL '2' HOUR DEFINE B AS B.fare > A.fare) AS m;
