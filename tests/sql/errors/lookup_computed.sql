-- | error[sql.not-supported]: the lookup of `users`, which has computed columns, is not supported yet
-- |   --> lookup_computed.sql:9:40
-- |   |
-- | 9 | SELECT o.id, u.name FROM orders o JOIN users FOR SYSTEM_TIME AS OF o.p AS u ON o.id = u.id;
-- |   |                                        ^^^^^
-- | hint: Compute them in the query, and leave them out of the table.
CREATE TABLE orders (id INT, p AS PROCTIME()) WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE users (id INT, name STRING, big AS UPPER(name)) WITH ('connector' = 'jdbc', 'url' = 'x', 'table-name' = 'users');
SELECT o.id, u.name FROM orders o JOIN users FOR SYSTEM_TIME AS OF o.p AS u ON o.id = u.id;
