-- | error[sql.unknown-setting]: unknown setting table.exec.source.idle-timout
-- |   --> set_unknown.sql:7:5
-- |   |
-- | 7 | SET 'table.exec.source.idle-timout' = '5 s';
-- |   |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Did you mean `table.exec.source.idle-timeout`?
SET 'table.exec.source.idle-timout' = '5 s';
SET 'tabel.local-time-zone' = 'UTC';
