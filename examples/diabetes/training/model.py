"""The model: a logistic regression, and how it becomes an ONNX file.

The file takes measurements as they are: the scaling of the training data is its first layer, so
that data to train on and data to predict from can never be scaled differently.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler


def fit(
    features: np.ndarray, outcomes: np.ndarray, limits: np.ndarray, version: int
) -> tuple[bytes, dict[str, object]]:
    """The file's content, and what is to know of the model.

    `features` is [patients, features], scaled; `limits` is [2, features], low and high.
    """
    model = LogisticRegression(C=10.0, max_iter=1000)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_validate(model, features, outcomes, cv=folds, scoring=("accuracy", "roc_auc"))
    model.fit(features, outcomes)
    scaler = MinMaxScaler().fit(limits)
    made = as_onnx(scaler, model, version)
    # The file must say what the trained model says.
    raw = scaler.inverse_transform(features).astype(np.float32)
    (found,) = ReferenceEvaluator(made).run(["probability"], {"measurements": raw})
    np.testing.assert_allclose(found[:, 0], model.predict_proba(features)[:, 1], atol=1e-5)
    return made.SerializeToString(), {
        "accuracy": round(float(scores["test_accuracy"].mean()), 4),
        "roc_auc": round(float(scores["test_roc_auc"].mean()), 4),
        "intercept": float(model.intercept_[0]),
        "coefficients": model.coef_[0],
    }


def as_onnx(scaler: MinMaxScaler, model: LogisticRegression, version: int) -> onnx.ModelProto:
    """Scaler and model as one graph with the outputs probability, prediction, model_version."""
    made = to_onnx(
        make_pipeline(scaler, model),
        initial_types=[("measurements", FloatTensorType([None, scaler.n_features_in_]))],
        options={id(model): {"zipmap": False}},
    )
    graph = made.graph
    label, probabilities = (output.name for output in graph.output)
    for name, value in (("one", 1), ("zero", 0), ("number", version)):
        graph.initializer.append(helper.make_tensor(name, TensorProto.INT64, [1], [value]))
    graph.node.extend(
        [
            helper.make_node("Gather", [probabilities, "one"], ["probability"], axis=1),
            helper.make_node("Identity", [label], ["prediction"]),
            helper.make_node("Mul", [label, "zero"], ["nothing"]),
            helper.make_node("Add", ["nothing", "number"], ["model_version"]),
        ]
    )
    del graph.output[:]
    graph.output.extend(
        [
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1]),
            helper.make_tensor_value_info("prediction", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("model_version", TensorProto.INT64, [None]),
        ]
    )
    onnx.checker.check_model(made)
    return made
