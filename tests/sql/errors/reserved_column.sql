-- | error[sql.reserved-word]: expected a column name, found the reserved word `timestamp`
-- |   --> reserved_column.sql:7:25
-- |   |
-- | 7 | CREATE TABLE t (id INT, timestamp STRING) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                         ^^^^^^^^^
-- | hint: To use it as a name, write it in backticks: `timestamp`.
CREATE TABLE t (id INT, timestamp STRING) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
