-- | error[sql.bad-lookup]: the join names no column of `users` to look up by
-- |   --> lookup_types.sql:9:32
-- |   |
-- | 9 | SELECT o.id FROM orders o JOIN users FOR SYSTEM_TIME AS OF o.p AS u ON CAST(o.id AS BIGINT) = u.id;
-- |   |                                ^^^^^
-- | hint: Add an equality of one of its columns, as it stands, with a value of its type: ON left.key = users.key.
CREATE TABLE orders (id INT, p AS PROCTIME()) WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE users (id INT, name STRING) WITH ('connector' = 'jdbc', 'url' = 'x', 'table-name' = 'users');
SELECT o.id FROM orders o JOIN users FOR SYSTEM_TIME AS OF o.p AS u ON CAST(o.id AS BIGINT) = u.id;
