#include "tensor_search.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>

namespace smoothbound {
namespace {

// Of DataParallel, of Lightning and other frames, of torch.compile.
constexpr std::array<std::string_view, 3> wrappers{"module.", "model.", "_orig_mod."};

// One of the names by which an expected tensor is looked for.
struct Wanted {
  std::size_t tensor;
  std::uint32_t rank;  // the first name counts most
  TensorName name;
};

}  // namespace

bool is_last_word(std::string_view name, std::string_view word) {
  if (!name.ends_with(word)) return false;
  name.remove_suffix(word.size());
  return name.empty() || name.ends_with('.');
}

bool is_never_read(std::string_view name) { return is_last_word(name, "num_batches_tracked"); }

bool is_running_statistic(std::string_view name) {
  return is_last_word(name, "running_mean") || is_last_word(name, "running_var");
}

std::string_view plain_name(std::string_view name,
                            const std::function<bool(std::string_view)>& is_known,
                            std::uint32_t* stripped) {
  for (std::uint32_t count = 0;; ++count) {
    if (is_known(name)) {
      if (stripped != nullptr) *stripped = count;
      return name;
    }
    const auto wrapper = std::ranges::find_if(
        wrappers, [&](std::string_view prefix) { return name.starts_with(prefix); });
    if (wrapper == wrappers.end()) return {};
    name.remove_prefix(wrapper->size());
  }
}

std::vector<FoundTensor> search_tensors(std::span<const ArrayEntry> entries,
                                        std::span<const ExpectedTensor> expected,
                                        const WeightsMap* map) {
  std::vector<FoundTensor> found(expected.size());
  std::unordered_map<std::string, std::vector<Wanted>> wanted;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    std::uint32_t rank = 0;
    const auto want = [&](TensorName name) {
      const auto* const row = map == nullptr ? nullptr : map->find(name.name);
      if (row != nullptr) {
        name.name = WeightsMap::renamed(*row, name.name);
        if (found[i].row == nullptr) found[i].row = row;
      }
      wanted[name.name].push_back({i, rank++, name});
    };
    want({expected[i].name});
    for (const TensorName& other : expected[i].also) want(other);
  }
  using Place = std::tuple<std::uint32_t, std::uint32_t>;  // rank and prefixes: less is better
  std::vector<Place> places(expected.size());
  const auto is_wanted = [&](std::string_view name) { return wanted.contains(std::string(name)); };
  for (const ArrayEntry& entry : entries) {
    std::uint32_t stripped = 0;
    const std::string_view name = plain_name(entry.name, is_wanted, &stripped);
    if (name.empty()) continue;
    for (const Wanted& one : wanted.at(std::string(name))) {
      const Place place{one.rank, stripped};
      FoundTensor& best = found[one.tensor];
      if (best.entry != nullptr && places[one.tensor] <= place) continue;
      best.entry = &entry;
      best.name = one.name;
      places[one.tensor] = place;
    }
  }
  return found;
}

}  // namespace smoothbound
