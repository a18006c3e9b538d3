-- | error[sql.syntax]: expected a statement, found `PRINT`
-- |   --> syntax_not_a_statement.sql:7:1
-- |   |
-- | 7 | PRINT 'hello';
-- |   | ^^^^^
-- | hint: Statements: CREATE TABLE, CREATE VIEW, SET, INSERT INTO, SELECT.
PRINT 'hello';
