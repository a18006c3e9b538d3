-- | error[sql.not-supported]: the provider `openai` is not supported yet
-- |   --> model_provider.sql:7:77
-- |   |
-- | 7 | CREATE MODEL m INPUT (text STRING) OUTPUT (label STRING) WITH ('provider' = 'openai', 'endpoint' = 'x');
-- |   |                                                                             ^^^^^^^^
-- | hint: Providers: onnx, python.
CREATE MODEL m INPUT (text STRING) OUTPUT (label STRING) WITH ('provider' = 'openai', 'endpoint' = 'x');
