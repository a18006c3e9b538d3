"""The purchase model: a logistic regression with the weights of models/purchase.json."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.functions import udf

MODEL = Path(__file__).parents[1] / "models" / "purchase.json"


@cache
def model() -> dict[str, Any]:
    """The weights that train.py has written."""
    return json.loads(MODEL.read_text())


@udf(func_type="arrow")
def probability(
    looks: float,
    products: float,
    carts: float,
    product_looks: float,
    seconds: float,
    price: float,
    mobile: float,
) -> float:
    """How likely it is that what went into the cart is bought; arrays of many rows at once."""
    given = [looks, products, carts, product_looks, seconds, price, mobile]
    score = pa.scalar(model()["bias"], pa.float64())
    for column, feature in zip(given, model()["features"], strict=True):
        if feature["log"]:
            column = pc.ln(pc.add(column, 1.0))
        score = pc.add(score, pc.multiply(column, feature["weight"]))
    return pc.divide(1.0, pc.add(1.0, pc.exp(pc.negate(score))))
