-- | error[sql.not-supported]: CONFIG of ML_PREDICT is not supported yet
-- |   --> model_config.sql:9:59
-- |   |
-- | 9 | SELECT k FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(v), MAP['async', 'true']);
-- |   |                                                           ^^^^^^^^^^^^^^^^^^^^
-- | hint: Models run in step here; leave it out.
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE MODEL m INPUT (text STRING) OUTPUT (loud STRING) WITH ('provider' = 'python', 'function' = 'good.shout');
SELECT k FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(v), MAP['async', 'true']);
