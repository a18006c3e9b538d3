-- | error[sql.not-supported]: CREATE CONNECTION is not supported yet
-- |   --> create_connection.sql:7:1
-- |   |
-- | 7 | CREATE CONNECTION c WITH ('type' = 'openai');
-- |   | ^^^^^^
-- | hint: Confluent's cloud has connections; give the options in WITH, secrets by reference: '${secret:name}'.
CREATE CONNECTION c WITH ('type' = 'openai');
