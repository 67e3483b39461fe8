#include "index_map.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace smoothbound::models {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// "[height, channels]"
std::vector<std::string_view> words_of_list(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("[], ");
    if (end != 0) words.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return words;
}

}  // namespace

std::optional<std::size_t> axis_called(std::string_view word, std::size_t rank) {
  if (word == "channels") return 0;
  if (word == "length" && rank == 2) return 1;
  constexpr std::array<std::string_view, 3> from_behind{"width", "height", "depth"};
  for (std::size_t i = 0; i < from_behind.size() && rank > 2; ++i) {
    if (word == from_behind.at(i) && i + 1 < rank) return rank - 1 - i;
  }
  return std::nullopt;
}

std::string_view setting_of(const Step& step, std::string_view key) {
  const auto found = std::ranges::find(step.settings, key, &Setting::key);
  return found == step.settings.end() ? std::string_view() : std::string_view(found->value);
}

IndexMap::IndexMap(std::int64_t offset, const std::vector<IndexRun>& runs) : offset_(offset) {
  for (const IndexRun& run : runs) {
    if (run.size == 1) continue;
    if (!runs_.empty() && runs_.back().stride == run.size * run.stride) {
      runs_.back() = {runs_.back().size * run.size, run.stride};
    } else {
      runs_.push_back(run);
    }
  }
}

IndexMap::IndexMap(const Shape& shape) : IndexMap(0, {{shape.elements(), 1}}) {}

// The runs that each axis of such a shape has, cut where two axes meet.
std::optional<std::vector<IndexMap::Axis>> IndexMap::axes(const Shape& shape) const {
  std::vector<Axis> result;
  std::size_t next = 0;
  IndexRun rest;  // of a run that was cut
  for (const std::int64_t size : shape.sizes()) {
    Axis& axis = result.emplace_back();
    std::int64_t left = size;
    while (left > 1) {
      if (rest.size == 1) {
        if (next == runs_.size()) return std::nullopt;
        rest = runs_[next++];
      }
      if (rest.size <= left) {
        if (left % rest.size != 0) return std::nullopt;
        left /= rest.size;
        axis.push_back(rest);
        rest = {};
      } else {
        if (rest.size % left != 0) return std::nullopt;
        const std::int64_t inner = rest.size / left;
        axis.push_back({left, rest.stride * inner});
        rest.size = inner;
        left = 1;
      }
    }
  }
  if (next != runs_.size() || rest.size != 1) return std::nullopt;
  return result;
}

std::optional<IndexMap> IndexMap::permuted(const Shape& shape,
                                           const std::vector<std::size_t>& order) const {
  const auto parts = axes(shape);
  if (!parts || order.size() != parts->size()) return std::nullopt;
  std::vector<IndexRun> runs;
  for (const std::size_t axis : order) {
    runs.insert(runs.end(), (*parts)[axis].begin(), (*parts)[axis].end());
  }
  return IndexMap(offset_, runs);
}

std::optional<IndexMap> IndexMap::sliced(const Step& step, const Shape& before) const {
  const auto parts = axes(before);
  const std::string_view word = setting_of(step, "axis");
  const auto axis = axis_called(word.empty() ? "channels" : word, before.sizes().size());
  const std::string_view begin = setting_of(step, "from");
  const auto first = whole_number(begin.empty() ? "0" : begin);
  const bool fits = parts && axis && first && setting_of(step, "step").empty() &&
                    step.output.sizes().size() == before.sizes().size();
  if (!fits) return std::nullopt;
  std::int64_t from = *first;
  const std::int64_t count = step.output.sizes()[*axis];
  std::int64_t offset = offset_;
  Axis cut = (*parts)[*axis];
  std::int64_t inner = before.sizes()[*axis];
  for (IndexRun& run : cut) {
    inner /= run.size;
    const bool takes_whole = from % inner == 0 && count % inner == 0;
    if (!takes_whole && from / inner != (from + count - 1) / inner) return std::nullopt;
    offset += from / inner * run.stride;
    run.size = takes_whole ? count / inner : 1;
    if (takes_whole) break;
    from %= inner;
  }
  std::vector<IndexRun> runs;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const Axis& own = i == *axis ? cut : (*parts)[i];
    runs.insert(runs.end(), own.begin(), own.end());
  }
  return IndexMap(offset, runs);
}

std::optional<IndexMap> IndexMap::behind(const Step& step, const Shape& before) const {
  if (step.component == "reshape" || step.component == "flatten") return *this;
  if (step.component == "slice") return sliced(step, before);
  if (step.component != "permute") return std::nullopt;
  std::vector<std::size_t> order;
  for (const std::string_view word : words_of_list(setting_of(step, ""))) {
    const auto axis = axis_called(word, before.sizes().size());
    if (!axis) return std::nullopt;
    order.push_back(*axis);
  }
  return permuted(before, order);
}

}  // namespace smoothbound::models
