-- | error[sql.not-supported]: CREATE CATALOG is not supported yet
-- |   --> create_catalog.sql:6:1
-- |   |
-- | 6 | CREATE CATALOG lake WITH ('type' = 'iceberg');
-- |   | ^^^^^^
CREATE CATALOG lake WITH ('type' = 'iceberg');
