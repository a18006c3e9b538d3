-- | error[sql.syntax]: the string that begins here is not closed
-- |   --> syntax_unclosed_string.sql:7:11
-- |   |
-- | 7 | SET 'a' = 'b;
-- |   |           ^
-- | hint: Close it with ', and write a quote inside it as ''.
SET 'a' = 'b;
SELECT 1;
