#include "smoothbound/data/weights_map.hpp"

#include <fmt/format.h>

#include "smoothbound/data/input_file.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/document.hpp"
#include "smoothbound/text/fields.hpp"
#include "smoothbound/text/source_errors.hpp"

namespace smoothbound {
namespace {

constexpr std::uint64_t largest_map = std::uint64_t{64} << 20U;
constexpr const char* map_example =
    "for example {\"conv1.weight\": \"features.0.weight\", \"block\": \"layer1.0\"}";

Source read_map_text(const std::string& path) {
  const InputFile file(path);
  if (file.size() > largest_map) {
    throw DataError(path,
                    fmt::format("the file is larger than the limit of {} MiB", largest_map >> 20U),
                    "name prefixes in place of single tensors");
  }
  return {path, file.read_start(static_cast<std::size_t>(file.size()))};
}

std::string name_in(text::Value value, std::string_view what) {
  std::string name(text::parse_text(text::scalar_of(value, what)));
  if (name.empty()) {
    throw SpecError(value.location(), fmt::format("{} is empty", what), map_example);
  }
  return name;
}

}  // namespace

WeightsMap::WeightsMap(const std::string& path) : source_(read_map_text(path)) {
  try {
    if (source_.text.find_first_not_of(" \t\r\n") == std::string::npos) {
      throw SpecError({}, "the file is empty", map_example);
    }
    text::Document document;
    MistakeList mistakes;
    text::parse(source_, document, &mistakes);
    const text::Value root = document.root();
    if (!root.is_mapping()) {
      throw SpecError(
          root.location(),
          fmt::format("a map of weights must be a mapping, not {}", text::kind_name(root)),
          map_example);
    }
    for (auto key = root.first_child(); key;) {
      const text::Value value = *key->next_sibling();
      mistakes.attempt([&] {
        const std::string ours(key->text());
        if (ours.empty()) throw SpecError(key->location(), "the name is empty", map_example);
        rows_.emplace(
            ours, Row{name_in(value, "the name in the file"), key->location(), value.location()});
      });
      key = value.next_sibling();
    }
    mistakes.throw_any();
  } catch (const SpecError& error) {
    throw SourceErrors(source_, error);
  }
}

const WeightsMap::Rows::value_type* WeightsMap::find(std::string_view name) const {
  for (std::string_view prefix = name;;) {
    if (const auto found = rows_.find(std::string(prefix)); found != rows_.end()) return &*found;
    const std::size_t dot = prefix.rfind('.');
    if (dot == std::string_view::npos) return nullptr;
    prefix = prefix.substr(0, dot);
  }
}

std::string WeightsMap::renamed(const Rows::value_type& row, std::string_view name) {
  return row.second.theirs + std::string(name.substr(row.first.size()));
}

}  // namespace smoothbound
