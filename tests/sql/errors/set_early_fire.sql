-- | error[sql.not-supported]: the setting table.exec.emit.early-fire.enabled = 'true' is not supported yet
-- |   --> set_early_fire.sql:7:44
-- |   |
-- | 7 | SET 'table.exec.emit.early-fire.enabled' = 'true';
-- |   |                                            ^^^^^^
-- | hint: Tidemill behaves as with 'false'.
SET 'table.exec.emit.early-fire.enabled' = 'true';
