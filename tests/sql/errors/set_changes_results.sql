-- | error[sql.not-supported]: the setting table.exec.sink.not-null-enforcer = 'drop' is not supported yet
-- |   --> set_changes_results.sql:7:43
-- |   |
-- | 7 | SET 'table.exec.sink.not-null-enforcer' = 'drop';
-- |   |                                           ^^^^^^
-- | hint: Tidemill behaves as with 'error'.
SET 'table.exec.sink.not-null-enforcer' = 'drop';
