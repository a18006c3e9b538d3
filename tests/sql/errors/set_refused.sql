-- | error[sql.refused-setting]: the setting pipeline.jars is refused
-- |   --> set_refused.sql:8:5
-- |   |
-- | 8 | SET 'pipeline.jars' = 'file:///tmp/x.jar';
-- |   |     ^^^^^^^^^^^^^^^
-- | detail: A pipeline file may not load code, choose files or change security.
-- | hint: Leave it out.
SET 'pipeline.jars' = 'file:///tmp/x.jar';
