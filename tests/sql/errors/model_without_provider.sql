-- | error[sql.missing-option]: the model lacks the option `provider`
-- |   --> model_without_provider.sql:7:58
-- |   |
-- | 7 | CREATE MODEL m INPUT (text STRING) OUTPUT (label STRING) WITH ('path' = 'x');
-- |   |                                                          ^^^^
-- | hint: Providers: onnx, python.
CREATE MODEL m INPUT (text STRING) OUTPUT (label STRING) WITH ('path' = 'x');
