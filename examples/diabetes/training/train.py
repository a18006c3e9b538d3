"""Train the model on the warehouse, unless the same patients gave the last one.

`tidemill train training/train.py` runs it. It reads the scaled patients, and the new ones whose
outcome is known by now. Each model has a number, which it gives beside each prediction;
`models/diabetes.json` says of each what it was made from and how good it was on patients that it
had not seen.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import psycopg

FEATURES = (
    "pregnancies",
    "glucose",
    "blood_pressure",
    "skin_thickness",
    "bmi",
    "diabetes_pedigree_function",
    "age",
)
MODEL = Path("models") / "diabetes.onnx"
CARD = Path("models") / "diabetes.json"
ROWS_MIN = 50
"""Fewer patients give no model worth its name."""

SCALED = """
SELECT pregnancies, glucose, blood_pressure, skin_thickness, bmi, diabetes_pedigree_function, age,
  outcome
FROM warehouse.patients ORDER BY patient_id
"""
FOLLOWED = """
SELECT n.pregnancies, n.glucose, n.blood_pressure, n.skin_thickness, n.bmi,
  n.diabetes_pedigree_function, n.age, o.outcome
FROM public.diabetes_new n JOIN public.diabetes_outcome o USING (patient_id)
WHERE num_nulls(n.pregnancies, n.glucose, n.blood_pressure, n.skin_thickness, n.bmi,
  n.diabetes_pedigree_function, n.age) = 0
ORDER BY patient_id
"""
LIMITS = "SELECT measurement, low, high FROM warehouse.limits"


def read_warehouse() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scaled features, outcomes, and the limits as [low, high] of each feature."""
    with psycopg.connect() as connection:
        known = {name: (low, high) for name, low, high in connection.execute(LIMITS)}
        scaled = np.array(connection.execute(SCALED).fetchall(), dtype=float).reshape(-1, 8)
        followed = np.array(connection.execute(FOLLOWED).fetchall(), dtype=float).reshape(-1, 8)
    # Columns that the lake's pipeline leaves as they are lie between 0 and 1 for the scaler.
    limits = np.array([known.get(name, (0.0, 1.0)) for name in FEATURES]).T
    followed[:, :-1] = (followed[:, :-1] - limits[0]) / (limits[1] - limits[0])
    rows = np.vstack([scaled, followed])
    return rows[:, :-1], rows[:, -1].astype(int), limits


def replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    half = path.with_name(path.name + ".half")
    half.write_bytes(content)
    half.replace(path)


def main() -> dict[str, object]:
    """The model's card, with `trained` false where these patients gave the last model."""
    features, outcomes, limits = read_warehouse()
    if len(outcomes) < ROWS_MIN:
        raise SystemExit(f"only {len(outcomes)} patients, of {ROWS_MIN} that a model needs")
    parts = (features.tobytes(), outcomes.tobytes(), limits.tobytes())
    digest = hashlib.sha256(b"".join(parts)).hexdigest()
    cards = json.loads(CARD.read_text()) if CARD.is_file() else []
    if cards and cards[-1]["rows_sha256"] == digest and MODEL.is_file():
        return {"trained": False, **cards[-1]}
    from model import fit  # noqa: PLC0415 - scikit-learn takes seconds to load

    version = len(cards) + 1
    content, measured = fit(features, outcomes, limits, version)
    card = {"version": version, "rows": len(outcomes), "rows_sha256": digest, **measured}
    for name, values in (("coefficients", measured["coefficients"]), ("low", limits[0]),
                         ("high", limits[1])):  # fmt: skip
        card[name] = dict(zip(FEATURES, map(float, values), strict=True))
    # The card comes last: without it the next run trains this version again.
    replace(MODEL, content)
    replace(CARD, (json.dumps([*cards, card], indent=1) + "\n").encode())
    return {"trained": True, **card}


if __name__ == "__main__":
    print(json.dumps(main()))
