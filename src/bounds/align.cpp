#include "align.hpp"

#include <algorithm>
#include <unordered_map>

namespace smoothbound {

std::vector<Aligned> align(std::span<const std::string_view> before,
                           std::span<const std::string_view> after) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < before.size(); ++i) places.emplace(before[i], i);
  // As names are unique, a longest common subsequence is a longest increasing one of the places.
  struct Match {
    std::size_t before;
    std::size_t after;
    std::optional<std::size_t> previous;
  };
  std::vector<Match> matches;
  std::vector<std::size_t> ends;  // of length k + 1: the match with the smallest last place
  for (std::size_t j = 0; j < after.size(); ++j) {
    const auto found = places.find(after[j]);
    if (found == places.end()) continue;
    const auto end = std::ranges::lower_bound(ends, found->second, {},
                                              [&](std::size_t m) { return matches[m].before; });
    const auto length = static_cast<std::size_t>(end - ends.begin());
    matches.push_back({found->second, j, {}});
    if (length > 0) matches.back().previous = ends[length - 1];
    if (end == ends.end()) {
      ends.push_back(matches.size() - 1);
    } else {
      *end = matches.size() - 1;
    }
  }
  std::vector<Match> chain;
  std::optional<std::size_t> at;
  if (!ends.empty()) at = ends.back();
  while (at) {
    chain.push_back(matches[*at]);
    at = matches[*at].previous;
  }
  std::vector<Aligned> result;
  std::size_t i = 0;
  std::size_t j = 0;
  const auto fill = [&](std::size_t before_end, std::size_t after_end) {
    while (i < before_end) result.push_back({i++, {}});
    while (j < after_end) result.push_back({{}, j++});
  };
  while (!chain.empty()) {
    fill(chain.back().before, chain.back().after);
    result.push_back({i++, j++});
    chain.pop_back();
  }
  fill(before.size(), after.size());
  return result;
}

}  // namespace smoothbound
