"""Learn the purchase model: `python train.py data/training_set models/purchase.json`.

A logistic regression by Newton's method. A fifth of the rows is kept back to measure it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Numbers = npt.NDArray[Any]

FEATURES = ("looks", "products", "carts", "product_looks", "seconds", "price", "mobile")
LOGARITHMIC = ("looks", "products", "carts", "product_looks", "seconds", "price")
RIDGE = 1.0


def prepared(rows: pa.Table) -> Numbers:
    """The matrix of the features as the model takes them, with a column of ones."""
    columns = [
        np.log1p(rows[name].to_numpy().astype(float))
        if name in LOGARITHMIC
        else rows[name].to_numpy().astype(float)
        for name in FEATURES
    ]
    return np.column_stack([*columns, np.ones(rows.num_rows)])


def fit(x: Numbers, y: Numbers, steps: int = 25) -> Numbers:
    """The weights that make the rows likely, with a small penalty on large ones."""
    weights = np.zeros(x.shape[1])
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[-1, -1] = 0
    for _ in range(steps):
        p = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (y - p) - penalty @ weights
        curve = (x * (p * (1 - p))[:, None]).T @ x + penalty
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def auc(score: Numbers, y: Numbers) -> float:
    """How often a row that was bought scores above one that was not; 0.5 is guessing."""
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    bought = y == 1
    n, m = bought.sum(), (~bought).sum()
    return float((ranks[bought].sum() - n * (n + 1) / 2) / (n * m)) if n and m else 0.5


def main(source: str, target: str) -> None:
    """Read the training set, measure the model, and write it."""
    rows = pq.read_table(source).sort_by("event_id")
    x, y = prepared(rows), rows["purchased"].to_numpy()
    held = np.arange(len(y)) % 5 == 0
    found = auc(x[held] @ fit(x[~held], y[~held]), y[held])
    *weights, bias = fit(x, y).tolist()
    features = [
        {"name": name, "log": name in LOGARITHMIC, "weight": weight}
        for name, weight in zip(FEATURES, weights, strict=True)
    ]
    measured = {"rows": len(y), "bought": int(y.sum()), "auc_held_back": round(found, 4)}
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    Path(target).write_text(json.dumps({"bias": bias, "features": features, **measured}, indent=2))
    print(json.dumps(measured))


if __name__ == "__main__":
    main(*sys.argv[1:])
