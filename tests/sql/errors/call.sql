-- | error[sql.not-supported]: CALL is not supported yet
-- |   --> call.sql:7:1
-- |   |
-- | 7 | CALL sys.compact('t');
-- |   | ^^^^
-- | hint: Procedures belong to catalogs that Tidemill does not have.
CALL sys.compact('t');
