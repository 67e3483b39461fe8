#include "smoothbound/text/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <vector>

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

std::string suggest(std::string_view word, std::span<const std::string_view> candidates,
                    std::string otherwise) {
  constexpr std::size_t longest_sensible_word = 64;
  if (word.size() > longest_sensible_word || candidates.empty()) return otherwise;
  const auto distance = [&](std::string_view candidate) { return edit_distance(word, candidate); };
  const auto nearest = std::min_element(candidates.begin(), candidates.end(),
                                        [&](auto a, auto b) { return distance(a) < distance(b); });
  const int tolerated = std::max(1, static_cast<int>(std::min(word.size(), nearest->size())) / 3);
  if (distance(*nearest) > tolerated) return otherwise;
  return fmt::format("did you mean '{}'?", *nearest);
}

std::string join(std::span<const std::string_view> words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string join_or(std::span<const std::string_view> words) {
  if (words.size() < 2) return join(words);
  return fmt::format("{} or {}", join(words.first(words.size() - 1)), words.back());
}

}  // namespace smoothbound
