-- | error[sql.bad-setting]: table.local-time-zone takes a time zone such as `Europe/Berlin` or `UTC`, not `Berlin`
-- |   --> set_bad_zone.sql:6:31
-- |   |
-- | 6 | SET 'table.local-time-zone' = 'Berlin';
-- |   |                               ^^^^^^^^
SET 'table.local-time-zone' = 'Berlin';
