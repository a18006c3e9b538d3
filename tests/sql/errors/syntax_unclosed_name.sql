-- | error[sql.syntax]: the quoted name that begins here is not closed
-- |   --> syntax_unclosed_name.sql:7:8
-- |   |
-- | 7 | SELECT `a FROM t;
-- |   |        ^
-- | hint: Close it with a backtick.
SELECT `a FROM t;
