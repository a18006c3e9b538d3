-- | error[sql.bad-option]: a model of the provider `python` has no option `functoin`
-- |   --> model_option.sql:7:86
-- |   |
-- | 7 | CREATE MODEL m INPUT (text STRING) OUTPUT (loud STRING) WITH ('provider' = 'python', 'functoin' = 'good.shout');
-- |   |                                                                                      ^^^^^^^^^^
-- | hint: Did you mean `function`?
CREATE MODEL m INPUT (text STRING) OUTPUT (loud STRING) WITH ('provider' = 'python', 'functoin' = 'good.shout');
