#!/usr/bin/env python3
"""Runs clang-tidy over src/: .ci/tidy.py BUILD, a directory with compile_commands.json.

Nearly all of its time goes into the standard library's headers, again for each file. So
files of a floor are checked as one that includes them. What is complained about there is checked
by itself, whose word counts: two files may have a name each that clashes in one. The others are then
checked together again.
"""
import collections
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

CLANG_TIDY = "clang-tidy-14"
JOBS = 2
# Files in one; more save little and leave a core idle at the end.
MOST = 20
# Second names of checks that are on under their first one.
SAME = ["cert-con36-c", "cert-con54-cpp", "cert-dcl03-c", "cert-dcl16-c", "cert-dcl37-c",
        "cert-dcl51-cpp", "cert-dcl54-cpp", "cert-err09-cpp", "cert-err61-cpp", "cert-fio38-c",
        "cert-msc30-c", "cert-msc32-c", "cert-oop11-cpp", "cert-pos44-c", "cert-pos47-c",
        "cert-sig30-c", "cert-str34-c", "cppcoreguidelines-c-copy-assignment-signature",
        "cppcoreguidelines-explicit-virtual-functions", "cppcoreguidelines-narrowing-conversions"]


def read_groups(build):
    """Lists of files that are compiled alike, with the arguments."""
    source = os.path.join(os.getcwd(), "src", "")
    groups = collections.defaultdict(list)
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            if not entry["file"].startswith(source):
                continue
            arguments = shlex.split(entry["command"])
            while "clang" not in os.path.basename(arguments[0]):  # a launcher
                arguments.pop(0)
            end = arguments.index("-o")
            groups[tuple(arguments[:end])].append(entry["file"])
    parts = []
    for arguments, files in sorted(groups.items()):
        number = -(-len(files) // MOST)
        parts += [(arguments, files[i::number]) for i in range(number)]
    return sorted(parts, key=lambda part: -len(part[1]))


def tidy(arguments, files):
    """What clang-tidy complains about in `files` together, and whether it does."""
    with tempfile.TemporaryDirectory() as directory:
        name = os.path.join(directory, "together.cpp") if len(files) > 1 else files[0]
        if len(files) > 1:
            with open(name, "w", encoding="utf-8") as file:
                file.writelines(f'#include "{path}"  // NOLINT\n' for path in files)
        run = subprocess.run(
            [CLANG_TIDY, "-quiet", "-config-file=.clang-tidy", "-checks=" + ",".join("-" + c for c in SAME),
             name, "--", *arguments[1:], "-Wno-error"],
            check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
    return run.stdout + (run.stderr if run.returncode and not run.stdout else ""), run.returncode


def check(part):
    """Complaints about the files of a part; none is good."""
    arguments, files = part
    complaints = []
    while files:
        text, code = tidy(arguments, files)
        if code == 0:
            break
        if len(files) == 1:
            complaints.append(text)
            break
        blamed = set(re.findall(r"^([^\s:][^:\n]*):\d+:\d+: (?:error|warning):", text, re.M))
        alone = [path for path in files if path in blamed] or files
        for path in alone:
            text, code = tidy(arguments, [path])
            if code != 0:
                complaints.append(text)
        files = [path for path in files if path not in alone]
        print(f"    alone: {' '.join(os.path.relpath(path) for path in alone)}", file=sys.stderr)
    return complaints


def main():
    start = time.monotonic()
    parts = read_groups(sys.argv[1])
    if not parts:
        print("no files of src/ in compile_commands.json", file=sys.stderr)
        return 1
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        complaints = [text for texts in pool.map(check, parts) for text in texts]
    print(*complaints, sep="\n", end="")
    number = sum(len(files) for _, files in parts)
    print(f"{number} files, {len(complaints)} with complaints, {time.monotonic() - start:.0f} s")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
