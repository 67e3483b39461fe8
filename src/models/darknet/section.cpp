#include "darknet/section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "smoothbound/text/suggest.hpp"

namespace smoothbound::models::darknet {
namespace {

constexpr std::size_t most_sections = 100'000;
constexpr std::size_t most_notes = 100;
constexpr std::int64_t largest_integer = std::int64_t{1} << 30U;  // sums of products of two fit

// Options of layers that act in training or in how Darknet computes, and not in what.
constexpr std::array<std::string_view, 17> of_training{"learning_rate_scale",
                                                       "stopbackward",
                                                       "dontload",
                                                       "onlyforward",
                                                       "train_only_bn",
                                                       "clip",
                                                       "burnin_update",
                                                       "learning_rate",
                                                       "momentum",
                                                       "decay",
                                                       "assisted_excitation",
                                                       "noloss",
                                                       "unstable",
                                                       "keep_delta_gpu",
                                                       "stopbackprop",
                                                       "numload",
                                                       "freeze"};

constexpr std::string_view blanks = " \t\r\f\v";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A line of the file, and where its parts stand.
struct Line {
  std::string_view text;
  std::uint32_t number = 1;
  [[nodiscard]] Location place(std::string_view part) const {
    const auto offset = static_cast<std::size_t>(part.data() - text.data());
    return {number, static_cast<std::uint32_t>(character_count(text.substr(0, offset)) + 1)};
  }
};

void read_line(const Line& line, std::vector<Section>& sections, MistakeList& mistakes) {
  std::string_view text = trim(line.text);
  if (text.empty() || text.front() == '#' || text.front() == ';') return;
  text = trim(text.substr(0, text.find('#')));
  const auto add = [&](std::string_view part, const std::string& message, const char* hint) {
    mistakes.add(SpecError(line.place(part), message, hint));
  };
  if (text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || end + 1 != text.size()) {
      return add(text, "a section has to be its name in brackets", "for example [convolutional]");
    }
    if (sections.size() == most_sections) {
      throw SpecError(line.place(text), fmt::format("the file has over {} sections", most_sections),
                      "this is no configuration of a network");
    }
    sections.emplace_back(trim(text.substr(1, end - 1)), line.place(text), mistakes);
    return;
  }
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || trim(text.substr(0, equals)).empty()) {
    return add(text, "this is neither a section nor an option", "write KEY=VALUE, or [SECTION]");
  }
  if (sections.empty()) {
    return add(text, "an option before the first section", "the file begins with [net]");
  }
  const std::string_view value = text.substr(equals + 1);
  const std::string_view trimmed = trim(value);
  sections.back().options.push_back({trim(text.substr(0, equals)), trimmed, line.place(text),
                                     line.place(trimmed.empty() ? value : trimmed)});
}

}  // namespace

void Section::add_mistake(Location where, const std::string& message, std::string hint) const {
  mistakes_->add(SpecError(where, message, std::move(hint)));
}

const Option* Section::find(std::string_view key) {
  known_.push_back(key);
  const Option* first = nullptr;
  for (const Option& option : options) {
    if (option.key != key) continue;
    if (first != nullptr && option.value != first->value) {
      mistakes_->add(SpecError(option.place, fmt::format("'{}' is given twice in a section", key),
                               "remove one of them: Darknet takes the first",
                               {{first->place, "first given here"}}));
      return first;
    }
    if (first == nullptr) first = &option;
  }
  return first;
}

std::int64_t Section::integer(std::string_view key, std::int64_t otherwise, std::int64_t smallest) {
  const Option* const option = find(key);
  if (option == nullptr) return otherwise;
  const auto value = number_of<std::int64_t>(option->value);
  if (value && *value >= smallest && *value <= largest_integer) return *value;
  add_mistake(option->value_place,
              fmt::format("'{}' has to be an integer from {} to 2^30, not '{}'", key, smallest,
                          option->value),
              otherwise >= smallest
                  ? fmt::format("for example {}={}", key, std::max(otherwise, smallest))
                  : fmt::format("for example {}={}", key, smallest));
  return otherwise;
}

double Section::real(std::string_view key, double otherwise) {
  const Option* const option = find(key);
  if (option == nullptr) return otherwise;
  const auto value = number_of<double>(option->value);
  if (value && std::isfinite(*value)) return *value;
  add_mistake(option->value_place,
              fmt::format("'{}' has to be a number, not '{}'", key, option->value),
              fmt::format("for example {}={}", key, otherwise));
  return otherwise;
}

std::string_view Section::word(std::string_view key, std::string_view otherwise) {
  const Option* const option = find(key);
  return option == nullptr ? otherwise : option->value;
}

std::vector<std::int64_t> Section::integers(std::string_view key) {
  const Option* const option = find(key);
  if (option == nullptr) return {};
  std::vector<std::int64_t> values;
  std::string_view rest = option->value;
  for (;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = trim(rest.substr(0, comma));
    const auto value = number_of<std::int64_t>(part);
    if (!value || *value > largest_integer || *value < -largest_integer) {
      add_mistake(option->value_place,
                  fmt::format("'{}' has to be a list of integers, not '{}'", key, option->value),
                  fmt::format("for example {}=-1, 8", key));
      return {};
    }
    values.push_back(*value);
    if (comma == std::string_view::npos) return values;
    rest.remove_prefix(comma + 1);
    if (trim(rest).empty()) return values;  // a comma at the end
  }
}

Location Section::place_of(std::string_view key) const {
  const auto found = std::ranges::find(options, key, &Option::key);
  return found == options.end() ? location : found->place;
}

void Section::finish(std::vector<std::string>& notes) const {
  for (const Option& option : options) {
    if (std::ranges::find(known_, option.key) != known_.end()) continue;
    if (std::ranges::find(of_training, option.key) != of_training.end()) continue;
    if (notes.size() >= most_notes) return;
    const std::string hint = suggest(option.key, known_);
    if (!hint.empty()) {
      add_mistake(option.place, fmt::format("unknown option '{}' of [{}]", option.key, name), hint);
    } else {
      notes.push_back(fmt::format("{}:{}: option '{}' of [{}] is not known, and left out",
                                  option.place.line, option.place.column, option.key, name));
    }
  }
}

std::vector<Section> read_sections(std::string_view content, MistakeList& mistakes) {
  std::vector<Section> sections;
  Line line;
  if (content.starts_with(byte_order_mark)) content.remove_prefix(byte_order_mark.size());
  while (!content.empty()) {
    line.text = content.substr(0, content.find('\n'));
    content.remove_prefix(std::min(content.size(), line.text.size() + 1));
    read_line(line, sections, mistakes);
    ++line.number;
  }
  return sections;
}

}  // namespace smoothbound::models::darknet
