#!/usr/bin/env python3
"""Checks the JSON Schema on standard input: it accepts the architecture files that are named as
arguments, and refuses files with a mistake."""
import copy
import json
import re
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """Reads 1e-2 as a number, as YAML 1.2 does."""


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"))

GOOD = {
    "name": "net",
    "input": {"shape": [3, 8, 8], "norm": 1},
    "batch": 2,
    "loss": "logistic",
    "layers": [
        {"name": "a", "conv": {"filters": 4, "kernel": 3, "padding": "same"},
         "then": ["softplus", {"average_pool": 2}]},
        {"name": "b", "dense": 10},
    ],
}


def change(path, value):
    """GOOD with `value` at `path`, or without the entry if `value` is None."""
    document = copy.deepcopy(GOOD)
    *parents, last = path
    place = document
    for key in parents:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


BAD = {
    "a list": [],
    "no input": change(["input"], None),
    "no layers": change(["layers"], None),
    "an empty list of layers": change(["layers"], []),
    "an unknown key": change(["bacth"], 2),
    "a batch of 0": change(["batch"], 0),
    "a shape without sizes": change(["input", "shape"], []),
    "a negative norm": change(["input", "norm"], -1),
    "an unknown loss": change(["loss"], "logistics"),
    "an unknown key in a layer": change(["layers", 0, "stride"], 2),
    "an unknown component": change(["layers", 0, "then", 0], "softpuls"),
    "an affine part in 'then'": change(["layers", 0, "then", 0], {"dense": 3}),
    "a missing setting": change(["layers", 0, "conv", "filters"], None),
    "an unknown setting": change(["layers", 0, "conv", "filter"], 4),
    "a text for a number": change(["layers", 1, "dense"], "ten"),
    "an unknown word for padding": change(["layers", 0, "conv", "padding"], "full"),
}


def main():
    schema = json.load(sys.stdin)
    validator_class = jsonschema.validators.validator_for(schema)
    validator_class.check_schema(schema)
    validator = validator_class(schema)
    mistakes = [f"GOOD: {error.message}" for error in validator.iter_errors(GOOD)]
    if not sys.argv[1:]:
        mistakes.append("no files given")
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            document = yaml.load(file, Loader)  # JSON too, which is YAML
        mistakes += [f"{path}: {error.json_path}: {error.message}"
                     for error in validator.iter_errors(document)]
    mistakes += [f"accepted: {name}" for name, document in BAD.items()
                 if validator.is_valid(document)]
    print(*mistakes, f"{len(sys.argv) - 1} files, {len(BAD)} mistakes, {len(mistakes)} complaints",
          sep="\n")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
