-- | error[sql.missing-option]: the hint LOOKUP retries, and `retry-strategy` is missing
-- |   --> lookup_hint.sql:9:12
-- |   |
-- | 9 | SELECT /*+ LOOKUP('table' = 'u', 'retry-predicate' = 'lookup_miss') */ o.id FROM orders o JOIN users FOR SYSTEM_TIME AS OF o.p AS u ON o.id = u.id;
-- |   |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Options of a retry: retry-predicate, retry-strategy, fixed-delay, max-attempts.
CREATE TABLE orders (id INT, p AS PROCTIME()) WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE users (id INT, name STRING) WITH ('connector' = 'jdbc', 'url' = 'x', 'table-name' = 'users');
SELECT /*+ LOOKUP('table' = 'u', 'retry-predicate' = 'lookup_miss') */ o.id FROM orders o JOIN users FOR SYSTEM_TIME AS OF o.p AS u ON o.id = u.id;
