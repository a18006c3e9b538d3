-- | error[sql.bad-argument]: ML_PREDICT lacks its argument ARGS
-- |   --> model_no_model.sql:8:15
-- |   |
-- | 8 | SELECT k FROM ML_PREDICT(TABLE t, DESCRIPTOR(v));
-- |   |               ^^^^^^^^^^
-- | hint: Write ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(column, ...)).
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
SELECT k FROM ML_PREDICT(TABLE t, DESCRIPTOR(v));
