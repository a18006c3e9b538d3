-- | error[sql.unknown-model]: unknown model `m`
-- |   --> drop_model_unknown.sql:8:12
-- |   |
-- | 8 | DROP MODEL m;
-- |   |            ^
-- | hint: Declare it with CREATE MODEL.
DROP MODEL IF EXISTS m;
DROP MODEL m;
