-- | error[sql.syntax]: expected an option's value, found `kafka`
-- |   --> syntax_option_without_quotes.sql:7:44
-- |   |
-- | 7 | CREATE TABLE t (a INT) WITH ('connector' = kafka);
-- |   |                                            ^^^^^
-- | hint: Option values stand in single quotes.
CREATE TABLE t (a INT) WITH ('connector' = kafka);
