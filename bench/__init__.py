"""Measures Tidemill and its peers side by side: the same broker, the same recorded topic, one run.

`python -m bench --help` says how; `README.md` beside this file says what is measured and why.
"""
