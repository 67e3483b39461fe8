#!/usr/bin/env python3
"""Runs clang-tidy over src/: .ci/tidy.py BUILD, a directory with compile_commands.json.

Nearly all of its time goes into the standard library's headers, again for each file. So several files
are checked as one that includes them. What is complained about there is checked by itself, whose word
counts: two files may have a name each that clashes in one. The others are then checked together again.
"""
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


def read_files(build):
    """The files of src/, and the arguments that each is compiled with."""
    source = os.path.join(os.getcwd(), "src", "")
    files = {}
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            if not entry["file"].startswith(source):
                continue
            arguments = shlex.split(entry["command"])
            while "clang" not in os.path.basename(arguments[0]):  # a launcher
                arguments.pop(0)
            files[entry["file"]] = arguments[:arguments.index("-o")]
    return files


def parts_of(files):
    """Lists of files that are checked as one."""
    names = sorted(files)  # neighbours include the same headers
    number = -(-len(names) // MOST)
    ends = [len(names) * i // number for i in range(number + 1)]
    return [names[begin:end] for begin, end in zip(ends, ends[1:])]


def together(files, of_each):
    """The arguments of all of them, each once, in the order in which they first appear."""
    arguments = {}
    for path in files:
        arguments |= dict.fromkeys(of_each[path])
    return list(arguments)


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


def check(files, of_each):
    """Complaints about the files of a part; none is good."""
    complaints = []
    while files:
        text, code = tidy(together(files, of_each), files)
        if code == 0:
            break
        if len(files) == 1:
            complaints.append(text)
            break
        blamed = set(re.findall(r"^([^\s:][^:\n]*):\d+:\d+: (?:error|warning):", text, re.M))
        alone = [path for path in files if path in blamed] or files
        for path in alone:
            text, code = tidy(of_each[path], [path])
            if code != 0:
                complaints.append(text)
        files = [path for path in files if path not in alone]
        print(f"    alone: {' '.join(os.path.relpath(path) for path in alone)}", file=sys.stderr)
    return complaints


def main():
    start = time.monotonic()
    of_each = read_files(sys.argv[1])
    if not of_each:
        print("no files of src/ in compile_commands.json", file=sys.stderr)
        return 1
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        complaints = [text for texts in pool.map(lambda part: check(part, of_each), parts_of(of_each))
                      for text in texts]
    print(*complaints, sep="\n", end="")
    print(f"{len(of_each)} files, {len(complaints)} with complaints, {time.monotonic() - start:.0f} s")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
