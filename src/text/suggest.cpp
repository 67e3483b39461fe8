#include "smoothbound/text/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "smoothbound/text/aliases.hpp"

namespace smoothbound {

int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> before(b.size() + 1);
  std::vector<int> previous(b.size() + 1);
  std::vector<int> current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      current[j] = std::min(
          {previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    before.swap(previous);
    previous.swap(current);
  }
  return previous[b.size()];
}

namespace {

// A third of the shorter word; words of one or two letters are too many to tell a slip from another
// word.
int tolerated(std::string_view a, std::string_view b) {
  constexpr std::size_t shortest = 3;
  const std::size_t length = std::min(a.size(), b.size());
  return length < shortest ? 0 : static_cast<int>(length / shortest);
}

}  // namespace

std::string suggest(std::string_view word, std::span<const std::string_view> candidates,
                    std::string otherwise) {
  constexpr std::size_t longest_sensible_word = 64;
  if (word.size() > longest_sensible_word || candidates.empty()) return otherwise;
  const std::string folded = fold(word);
  const auto ask = [](std::string_view name) { return fmt::format("did you mean '{}'?", name); };
  const auto known = [&](const std::string& name) -> std::string {
    for (const std::string_view candidate : candidates) {
      if (fold(candidate) == name && !name.empty()) return ask(candidate);
    }
    for (const Alias& alias : aliases()) {
      if (alias.word != name) continue;
      if (std::ranges::find(candidates, alias.name) == candidates.end()) continue;
      return alias.advice.empty() ? ask(alias.name) : std::string(alias.advice);
    }
    return {};
  };
  // nn.ReLU and tf.keras.layers.ReLU are relu.
  for (const std::string& name : {folded, folded.substr(folded.rfind('.') + 1)}) {
    if (std::string answer = known(name); !answer.empty()) return answer;
  }
  const std::string_view* nearest = nullptr;
  int smallest = 0;
  for (const std::string_view& candidate : candidates) {
    const std::string other = fold(candidate);
    const int distance = edit_distance(folded, other);
    if (distance > tolerated(folded, other)) continue;
    if (nearest != nullptr && distance >= smallest) continue;
    nearest = &candidate;
    smallest = distance;
  }
  return nearest == nullptr ? otherwise : ask(*nearest);
}

bool is_among(std::span<const std::string> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::string join(std::span<const std::string_view> words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string join_or(std::span<const std::string_view> words) {
  if (words.size() < 2) return join(words);
  return fmt::format("{} or {}", join(words.first(words.size() - 1)), words.back());
}

}  // namespace smoothbound
