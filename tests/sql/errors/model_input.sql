-- | error[sql.bad-function]: the function `good.shout` does not take the model's INPUT
-- |   --> model_input.sql:7:99
-- |   |
-- | 7 | CREATE MODEL m INPUT (text BIGINT) OUTPUT (loud STRING) WITH ('provider' = 'python', 'function' = 'good.shout');
-- |   |                                                                                                   ^^^^^^^^^^^^
-- | hint: It must be a scalar function of (BIGINT).
CREATE MODEL m INPUT (text BIGINT) OUTPUT (loud STRING) WITH ('provider' = 'python', 'function' = 'good.shout');
