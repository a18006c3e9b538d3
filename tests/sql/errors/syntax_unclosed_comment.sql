-- | error[sql.syntax]: the comment that begins here is not closed
-- |   --> syntax_unclosed_comment.sql:7:10
-- |   |
-- | 7 | SELECT 1 /* never ends
-- |   |          ^^
-- | hint: Close it with */.
SELECT 1 /* never ends
