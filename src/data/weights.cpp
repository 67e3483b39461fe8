#include "smoothbound/data/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/shape.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

// "did you mean" among the names that have no partner on the other side: a wrong name shows as one
// that is missing and one that is superfluous.
std::string hint_for(const std::string& name, const std::vector<std::string_view>& candidates,
                     std::string_view of, std::string otherwise) {
  // The search takes the square of the names' length for each.
  constexpr std::size_t most_candidates = 10'000;
  if (candidates.size() > most_candidates) return otherwise;
  const std::string hint = suggest(name, candidates);
  if (hint.empty()) return otherwise;
  return fmt::format("{} ({})", hint, of);
}

}  // namespace

ArrayFile read_weights(const std::string& path, std::span<const ExpectedTensor> expected,
                       const OtherTensors& others) {
  ArrayFile file = open_array_file(path);
  if (file.format().contents != ArrayContents::named_arrays) {
    throw DataError(
        path,
        fmt::format("an {} file holds one array without a name, not the weights of a network",
                    file.format().name),
        "store them by name, as safetensors or with numpy.savez");
  }
  std::unordered_map<std::string_view, const ArrayEntry*> found;
  for (const ArrayEntry& entry : file.entries()) found.emplace(entry.name, &entry);
  std::unordered_map<std::string_view, const ExpectedTensor*> wanted;
  for (const ExpectedTensor& tensor : expected) wanted.emplace(tensor.name, &tensor);

  std::vector<std::string_view> superfluous;
  for (const ArrayEntry& entry : file.entries()) {
    if (!wanted.contains(entry.name)) superfluous.push_back(entry.name);
  }
  if (others && !superfluous.empty()) {
    std::unordered_set<std::string> passed_over;
    for (std::string& name : others()) passed_over.insert(std::move(name));
    std::erase_if(superfluous,
                  [&](std::string_view name) { return passed_over.contains(std::string(name)); });
  }
  std::vector<std::string_view> missing;
  for (const ExpectedTensor& tensor : expected) {
    if (!found.contains(tensor.name)) missing.push_back(tensor.name);
  }
  if (!missing.empty()) {
    const std::string name(missing.front());
    const std::string more =
        missing.size() > 1 ? fmt::format(", and {} more", missing.size() - 1) : "";
    throw DataError(
        path,
        fmt::format("tensor '{}' of shape {} is missing{}", name,
                    shape_to_text(wanted.at(missing.front())->shape), more),
        hint_for(name, superfluous, "which the file has and the network does not",
                 superfluous.empty() ? "are these the weights of another network?"
                                     : "the file has tensors that the network does not have, "
                                       "such as '" +
                                           std::string(superfluous.front()) + "'"));
  }
  if (!superfluous.empty()) {
    const std::string name(superfluous.front());
    const std::string more =
        superfluous.size() > 1 ? fmt::format(", and {} more", superfluous.size() - 1) : "";
    throw DataError(path,
                    fmt::format("the network has no tensor '{}'; the file has it with shape {}{}",
                                name, shape_to_text(found.at(superfluous.front())->shape), more),
                    "are these the weights of another network?");
  }
  std::vector<ArrayEntry> entries;
  for (const ExpectedTensor& tensor : expected) {
    const ArrayEntry& entry = *found.at(tensor.name);
    if (without_last_ones(entry.shape) != without_last_ones(tensor.shape)) {
      std::vector<std::int64_t> reversed(entry.shape.rbegin(), entry.shape.rend());
      throw DataError(path,
                      fmt::format("tensor '{}': expected shape {}, found {}", tensor.name,
                                  shape_to_text(tensor.shape), shape_to_text(entry.shape)),
                      reversed == tensor.shape && reversed.size() > 1
                          ? "the axes are in reverse order: transpose it"
                          : "are these the weights of another network?");
    }
    if (entry.type == ElementType::boolean) {
      throw DataError(path, fmt::format("tensor '{}' holds truth values, not numbers", tensor.name),
                      "store it as numbers, e.g. with .astype('float32')");
    }
    entries.push_back(entry);
  }
  return std::move(file).with_entries(std::move(entries));
}

}  // namespace smoothbound
