-- | error[sql.unknown-model]: unknown model `mm`
-- |   --> model_unknown.sql:9:41
-- |   |
-- | 9 | SELECT k FROM ML_PREDICT(TABLE t, MODEL mm, DESCRIPTOR(v));
-- |   |                                         ^^
-- | hint: Did you mean `m`?
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE MODEL m INPUT (text STRING) OUTPUT (loud STRING) WITH ('provider' = 'python', 'function' = 'good.shout');
SELECT k FROM ML_PREDICT(TABLE t, MODEL mm, DESCRIPTOR(v));
