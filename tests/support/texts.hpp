// What tests look for in texts, and small architectures that they share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace smoothbound::testing {

/// Two layers, every setting given, smooth: all numbers are finite.
inline constexpr std::string_view small_network = R"(name: small
input: {shape: [3], norm: 2, sample_norm: 1}
batch: 4
radius: 1
loss: logistic
regularizer: 1e-4
initial_gap: 6.9
accuracy: 1e-3
variance: 0.5
layers:
  - {name: hidden, dense: 5, then: [softplus]}
  - {name: out, dense: 2}
)";

/// ReLU: L is infinite, m and l are not.
inline constexpr std::string_view relu_network =
    "input: {shape: [3]}\nloss: logistic\n"
    "layers: [{name: a, dense: 4, then: [relu]}, {name: b, dense: 2}]\n";

/// A mistake at 3:5.
inline constexpr std::string_view bad_network =
    "input: {shape: [3]}\nlayers:\n  - {name: a, dens: 4}\n";

/// l and L are infinite behind epsilon = 0, and nothing bounds the values of the opaque layer.
inline constexpr std::string_view answerless_network =
    "input: {shape: [2]}\nbatch: 4\nlayers:\n"
    "  - {name: a, dense: 2, then: [{batch_norm: {epsilon: 0}}]}\n"
    "  - {name: b, opaque: {lipschitz: 1, smoothness: 1}}\n";

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

/// Each with its newline taken off.
inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// Words between blanks.
inline std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words(1);
  for (const char c : line) {
    if (c != ' ') {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

}  // namespace smoothbound::testing
