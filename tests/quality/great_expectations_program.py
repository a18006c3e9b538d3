"""Runs in the environment of Great Expectations: a suite's JSON on a CSV file, verdicts as JSON."""

import json
import sys
from pathlib import Path

import great_expectations as gx
import pandas as pd

suite = gx.ExpectationSuite(**json.loads(Path(sys.argv[1]).read_text()))
frame = pd.read_csv(
    sys.argv[2], keep_default_na=False, na_values={"fare": [""], "zone": ["<null>"]}
)
context = gx.get_context(mode="ephemeral")
asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("rows")
definition = asset.add_batch_definition_whole_dataframe("all")
batch = definition.get_batch(batch_parameters={"dataframe": frame})
verdicts = {}  # results come in an order of their own
for one in batch.validate(suite).results:
    key = one.expectation_config.meta["number"]
    verdicts[key] = [one.success, one.result.get("unexpected_count")]
json.dump({"verdicts": verdicts, "suite": suite.to_json_dict()}, sys.stdout)
