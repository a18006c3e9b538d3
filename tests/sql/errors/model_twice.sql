-- | error[sql.table-exists]: a model `m` is there already
-- |   --> model_twice.sql:8:14
-- |   |
-- | 8 | CREATE MODEL m INPUT (text STRING) OUTPUT (loud STRING) WITH ('provider' = 'python', 'function' = 'good.shout');
-- |   |              ^
-- | hint: Use another name, DROP MODEL before, or write IF NOT EXISTS.
CREATE MODEL m INPUT (text STRING) OUTPUT (loud STRING) WITH ('provider' = 'python', 'function' = 'good.shout');
CREATE MODEL m INPUT (text STRING) OUTPUT (loud STRING) WITH ('provider' = 'python', 'function' = 'good.shout');
