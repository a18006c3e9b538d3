-- | error[sql.not-supported]: a grouping set that is there twice is not supported yet
-- |   --> grouping_set_twice.sql:8:34
-- |   |
-- | 8 | SELECT a, b, COUNT(*) FROM trips GROUP BY GROUPING SETS ((a, b), (a), (a));
-- |   |                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Flink does not run it; leave one out.
CREATE TABLE trips (a INT, b INT) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT a, b, COUNT(*) FROM trips GROUP BY GROUPING SETS ((a, b), (a), (a));
