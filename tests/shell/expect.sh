# What the tests of completion in the shells share; sourced by them. `complete LINE` is theirs: it
# prints what the shell offers at the end of the line, one word a line.
program_directory=$(cd "${1:?the directory of the program}" && pwd)
PATH=$program_directory:$PATH
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
mkdir nets 'a b'
touch net.yaml net.yml net.json net.onnx 'my net.yaml' notes.txt nets/deep.yaml
cases=0 failures=0

# The words offered for a line are these, in any order.
expect() {
  local line=$1 wanted found
  shift
  wanted=$(printf '%s\n' "$@" | sort)
  found=$(complete "$line" | sort)
  cases=$((cases + 1))
  [[ $found == "$wanted" ]] && return
  failures=$((failures + 1))
  printf '%s: offered\n%s\nnot\n%s\n' "$line" "$found" "$wanted"
}

# The words are among those offered.
expect_some() {
  local line=$1 found word
  shift
  found=$(complete "$line")
  cases=$((cases + 1))
  for word in "$@"; do
    [[ $'\n'$found$'\n' == *$'\n'"$word"$'\n'* ]] && continue
    failures=$((failures + 1))
    printf '%s: %s is not offered, but\n%s\n' "$line" "$word" "$found"
  done
}

# What holds in every shell.
common_cases() {
  expect 'smoothbound bo' bound
  expect_some 'smoothbound ' bound completion layers schema
  expect_some 'smoothbound --' --help --version --config
  expect 'smoothbound bound --met' --method
  expect 'smoothbound bound --method ' paper sharp both
  expect 'smoothbound bound --method s' sharp
  expect 'smoothbound bound --format ' table json csv sheet markdown
  expect 'smoothbound layers --format ' table markdown csv sheet json
  expect_some 'smoothbound bound --loss s' square spectral_clustering
  expect_some 'smoothbound layers batch' batch_norm
  expect 'smoothbound layers softplus logis' logistic
  expect 'smoothbound completion ' bash zsh fish
  expect 'smoothbound bound net.j' net.json
  expect 'smoothbound bound --method both net.y' net.yaml net.yml
  expect 'smoothbound bound --config n' net.yaml net.yml net.json net.onnx notes.txt nets/
  expect 'smoothbound bound n' net.yaml net.yml net.json net.onnx nets/
  expect 'smoothbound import net.o' net.onnx
  expect 'smoothbound bound nets/' nets/deep.yaml
  expect_some 'smoothbound bound net.yaml --' --format --output --smooth --bn-epsilon --config
  expect 'smoothbound --config notes.txt bo' bound
  expect 'smoothbound bound --batch ' ''
}

finish() {
  echo "$1: $cases lines, $failures failures"
  ((cases > 0 && failures == 0))
}
