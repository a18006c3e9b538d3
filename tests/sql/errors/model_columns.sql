-- | error[sql.bad-argument]: the model m takes 1 column, not 2
-- |   --> model_columns.sql:9:44
-- |   |
-- | 9 | SELECT k FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(k, v));
-- |   |                                            ^^^^^^^^^^^^^^^^
-- | hint: Its INPUT: text STRING.
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE MODEL m INPUT (text STRING) OUTPUT (loud STRING) WITH ('provider' = 'python', 'function' = 'good.shout');
SELECT k FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(k, v));
