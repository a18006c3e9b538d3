-- | error[sql.bad-statement-set]: the statement set holds no INSERT
-- |   --> statement_set_empty.sql:6:1
-- |   |
-- | 6 | EXECUTE STATEMENT SET BEGIN END;
-- |   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
EXECUTE STATEMENT SET BEGIN END;
