-- | error[sql.bad-setting]: table.exec.source.idle-timeout takes a duration such as `10 s`, `5 min` or `1 h`, not `soon`
-- |   --> set_bad_value.sql:6:40
-- |   |
-- | 6 | SET 'table.exec.source.idle-timeout' = 'soon';
-- |   |                                        ^^^^^^
SET 'table.exec.source.idle-timeout' = 'soon';
