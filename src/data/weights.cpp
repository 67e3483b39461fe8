#include "smoothbound/data/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "formats.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/shape.hpp"
#include "smoothbound/text/source_errors.hpp"
#include "smoothbound/text/suggest.hpp"
#include "tensor_search.hpp"

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

constexpr const char* other_network = "are these the weights of another network?";

std::string and_more(std::size_t count) {
  return count > 1 ? fmt::format(", and {} more", count - 1) : "";
}

void require_names(const ArrayFile& file) {
  if (file.format().contents == ArrayContents::named_arrays) return;
  throw DataError(
      file.path(),
      fmt::format("an {} file holds one array without a name, not the weights of a network",
                  file.format().name),
      "store them by name, as safetensors or with numpy.savez");
}

// Rows of the map that stand for none of the network's tensors, or lead to none of the file.
void check_map(const WeightsMap& map, std::span<const ExpectedTensor> expected,
               std::span<const FoundTensor> found, const OtherTensors& others,
               const std::vector<std::string_view>& left) {
  std::unordered_set<std::string> used;
  std::vector<std::string> known = others ? others() : std::vector<std::string>{};
  for (const ExpectedTensor& tensor : expected) {
    known.push_back(tensor.name);
    for (const TensorName& other : tensor.also) known.push_back(other.name);
  }
  for (const std::string& name : known) {
    for (std::string_view prefix = name;;) {
      used.emplace(prefix);
      const std::size_t dot = prefix.rfind('.');
      if (dot == std::string_view::npos) break;
      prefix = prefix.substr(0, dot);
    }
  }
  MistakeList mistakes;
  try {
    for (const auto& [ours, row] : map.rows()) {
      if (used.contains(ours)) continue;
      const std::vector<std::string_view> names(known.begin(), known.end());
      mistakes.add(
          {row.ours_at,
           fmt::format("the network has no tensor '{}', nor one that begins "
                       "with '{}.'",
                       ours, ours),
           hint_for(ours, names, "which it has",
                    known.empty() ? other_network
                                  : fmt::format("one of its tensors is '{}'", known.front()))});
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (found[i].entry != nullptr || found[i].row == nullptr) continue;
      const std::string name = WeightsMap::renamed(*found[i].row, expected[i].name);
      mistakes.add({found[i].row->second.theirs_at,
                    fmt::format("the file has no tensor '{}', which stands for '{}'", name,
                                expected[i].name),
                    hint_for(name, left, "which the file has",
                             left.empty() ? "all of its tensors stand for others"
                                          : fmt::format("it has '{}'", left.front()))});
    }
    mistakes.throw_any();
  } catch (const SpecError& error) {
    throw SourceErrors(map.source(), error);
  }
}

// What the file has and nobody asks for.
std::vector<std::string_view> superfluous_names(const ArrayFile& file,
                                                std::span<const FoundTensor> found) {
  std::unordered_set<const ArrayEntry*> used;
  for (const FoundTensor& tensor : found) used.insert(tensor.entry);
  std::vector<std::string_view> names;
  if (file.format().holds_more) return names;
  for (const ArrayEntry& entry : file.entries()) {
    if (!used.contains(&entry) && !is_never_read(entry.name)) names.push_back(entry.name);
  }
  return names;
}

void pass_over(std::vector<std::string_view>& names, const OtherTensors& others,
               const WeightsMap* map) {
  if (!others || names.empty()) return;
  std::unordered_set<std::string> passed;
  for (std::string& name : others()) {
    const auto* const row = map == nullptr ? nullptr : map->find(name);
    passed.insert(row == nullptr ? std::move(name) : WeightsMap::renamed(*row, name));
  }
  const auto is_passed = [&](std::string_view name) { return passed.contains(std::string(name)); };
  std::erase_if(names, [&](std::string_view name) { return !plain_name(name, is_passed).empty(); });
}

std::string_view module_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
}

// Leaves those that stand beside a tensor that is read.
void pass_over_buffers(std::vector<std::string_view>& names, std::span<const FoundTensor> found) {
  std::unordered_set<std::string_view> modules;
  for (const FoundTensor& tensor : found) {
    if (tensor.entry != nullptr) modules.insert(module_of(tensor.entry->name));
  }
  modules.erase(std::string_view{});
  std::erase_if(names, [&](std::string_view name) { return !modules.contains(module_of(name)); });
}

// Buffers that are called as parameters are: of a network with more layers, perhaps.
void note_passed_over(const std::vector<std::string_view>& names, const std::string& path,
                      const WeightsReading& reading) {
  if (!reading.notice) return;
  const auto is_like_parameter = [](std::string_view name) {
    return is_last_word(name, "weight") || is_last_word(name, "bias");
  };
  const auto count = std::ranges::count_if(names, is_like_parameter);
  if (count == 0) return;
  reading.notice(fmt::format("{} tensor{} of '{}' {} not read, such as '{}'", count,
                             count == 1 ? "" : "s", path, count == 1 ? "is" : "are",
                             *std::ranges::find_if(names, is_like_parameter)));
}

void refuse_missing(const ArrayFile& file, std::span<const ExpectedTensor> expected,
                    std::span<const FoundTensor> found,
                    const std::vector<std::string_view>& superfluous) {
  const ExpectedTensor* first = nullptr;
  std::size_t missing = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (found[i].entry != nullptr) continue;
    if (first == nullptr) first = &expected[i];
    ++missing;
  }
  if (first == nullptr) return;
  throw DataError(file.path(),
                  fmt::format("tensor '{}' of shape {} is missing{}", first->name,
                              shape_to_text(first->shape), and_more(missing)),
                  hint_for(first->name, superfluous, "which the file has and the network does not",
                           superfluous.empty()
                               ? other_network
                               : "the file has tensors that the network does not have, such as '" +
                                     std::string(superfluous.front()) + "'"));
}

// The entry, as it is in the file, or a part of it as an array of the tensor's shape.
ArrayEntry fitted(const ArrayFile& file, const ExpectedTensor& tensor, const FoundTensor& found) {
  ArrayEntry entry = *found.entry;
  const TensorName& name = found.name;
  const std::string described_name = name.parts == 1 ? tensor.name : entry.name;
  std::vector<std::int64_t> shape = tensor.shape;
  if (name.parts > 1) shape.front() *= name.parts;
  if (without_ones(entry.shape) != without_ones(shape)) {
    const std::vector<std::int64_t> reversed(entry.shape.rbegin(), entry.shape.rend());
    throw DataError(file.path(),
                    fmt::format("tensor '{}': expected shape {}, found {}", described_name,
                                shape_to_text(shape), shape_to_text(entry.shape)),
                    without_ones(reversed) == without_ones(shape)
                        ? "the axes are in reverse order: transpose it"
                        : other_network);
  }
  if (entry.type == ElementType::boolean) {
    throw DataError(file.path(),
                    fmt::format("tensor '{}' holds truth values, not numbers", described_name),
                    "store it as numbers, e.g. with .astype('float32')");
  }
  if (name.parts == 1) return entry;
  entry.bytes /= name.parts;
  if (entry.fortran_order) {  // rows lie interleaved
    entry.offset +=
        name.part * static_cast<std::uint64_t>(tensor.shape.front()) * size_of(entry.type);
    entry.rows_there = shape.front();
  } else {
    entry.offset += name.part * entry.bytes;
  }
  entry.shape = tensor.shape;
  return entry;
}

// As they lie. What tells statistics from parameters is their names.
ArrayFile read_in_order(ArrayFile file, std::span<const ExpectedTensor> expected) {
  const bool statistics = !expected.empty() && is_running_statistic(expected.front().name);
  std::vector<ArrayEntry> entries;
  for (const ArrayEntry& entry : file.entries()) {
    if (is_never_read(entry.name) || is_running_statistic(entry.name) != statistics) continue;
    entries.push_back(entry);
  }
  if (entries.size() != expected.size()) {
    throw DataError(file.path(),
                    fmt::format("the network has {} tensors, and the file has {}", expected.size(),
                                entries.size()),
                    "by order, each tensor of the file is one of the network");
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (without_ones(entries[i].shape) == without_ones(expected[i].shape)) continue;
    throw DataError(
        file.path(),
        fmt::format("tensor {} of the file, '{}', has shape {}, and that of the network, '{}', {}",
                    i + 1, entries[i].name, shape_to_text(entries[i].shape), expected[i].name,
                    shape_to_text(expected[i].shape)),
        "their orders differ: give names, in a map of weights or by 'weights' in the "
        "architecture");
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i] = fitted(file, expected[i], {&entries[i], {entries[i].name}, nullptr});
  }
  return std::move(file).with_entries(std::move(entries));
}

}  // namespace

ArrayFile read_weights(const std::string& path, std::span<const ExpectedTensor> expected,
                       const OtherTensors& others, const WeightsReading& reading) {
  ArrayFile file = open_array_file(path, reading.import);
  require_names(file);
  if (reading.match == TensorMatch::order) return read_in_order(std::move(file), expected);
  const WeightsMap* const map = reading.map.get();
  const std::vector<FoundTensor> found = search_tensors(file.entries(), expected, map);
  std::vector<std::string_view> superfluous = superfluous_names(file, found);
  pass_over(superfluous, others, map);
  if (map != nullptr) check_map(*map, expected, found, others, superfluous);
  refuse_missing(file, expected, found, superfluous);
  const std::vector<std::string_view> besides = superfluous;
  if (reading.passes_over_buffers) pass_over_buffers(superfluous, found);
  if (!superfluous.empty()) {
    const ArrayEntry& first = *file.find(superfluous.front());
    throw DataError(
        path,
        fmt::format("the network has no tensor '{}'; the file has it with shape {}{}", first.name,
                    shape_to_text(first.shape), and_more(superfluous.size())),
        other_network);
  }
  note_passed_over(besides, path, reading);
  std::vector<ArrayEntry> entries;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    entries.push_back(fitted(file, expected[i], found[i]));
  }
  return std::move(file).with_entries(std::move(entries));
}

std::vector<bool> find_tensors(const std::string& path, std::span<const ExpectedTensor> tensors,
                               const WeightsReading& reading) {
  const ArrayFile file = open_array_file(path, reading.import);
  std::vector<bool> found;
  if (reading.match == TensorMatch::order && !tensors.empty()) {
    const bool statistics = is_running_statistic(tensors.front().name);
    const bool has_such = std::ranges::any_of(file.entries(), [&](const ArrayEntry& entry) {
      return !is_never_read(entry.name) && is_running_statistic(entry.name) == statistics;
    });
    found.assign(tensors.size(), has_such);
    return found;
  }
  for (const FoundTensor& tensor : search_tensors(file.entries(), tensors, reading.map.get())) {
    found.push_back(tensor.entry != nullptr);
  }
  return found;
}

}  // namespace smoothbound
