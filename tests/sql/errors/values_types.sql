-- | error[sql.type-mismatch]: column 1 of VALUES has no common type: INT and BOOLEAN
-- |   --> values_types.sql:7:24
-- |   |
-- | 7 | SELECT * FROM (VALUES (1, 'a'), (TRUE, 'b'));
-- |   |                        ^
-- | hint: CAST the values to the same type.
SELECT * FROM (VALUES (1, 'a'), (TRUE, 'b'));
