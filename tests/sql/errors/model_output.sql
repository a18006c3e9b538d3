-- | error[sql.bad-function]: the function `good.shout` gives STRING, not the model's OUTPUT BIGINT
-- |   --> model_output.sql:6:99
-- |   |
-- | 6 | CREATE MODEL m INPUT (text STRING) OUTPUT (loud BIGINT) WITH ('provider' = 'python', 'function' = 'good.shout');
-- |   |                                                                                                   ^^^^^^^^^^^^
CREATE MODEL m INPUT (text STRING) OUTPUT (loud BIGINT) WITH ('provider' = 'python', 'function' = 'good.shout');
