-- | error[sql.bad-argument]: the model m takes STRING as `text`, not INT
-- |   --> model_column_type.sql:8:55
-- |   |
-- | 8 | SELECT k FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(k));
-- |   |                                                       ^
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE MODEL m INPUT (text STRING) OUTPUT (loud STRING) WITH ('provider' = 'python', 'function' = 'good.shout');
SELECT k FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(k));
