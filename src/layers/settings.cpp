#include "smoothbound/layers/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

Extent read_extent(text::Value value, std::string_view what, std::int64_t smallest) {
  if (!value.is_sequence())
    return Extent::uniform(text::parse_count(text::scalar_of(value, what), smallest));
  Extent extent;
  if (value.size() < 1 || value.size() > extent.sizes.size()) {
    throw SpecError(value.location(),
                    fmt::format("{} must have one to three numbers, not {}", what, value.size()),
                    "a number, [length], [height, width] or [depth, height, width]");
  }
  std::size_t axis = 0;
  for (auto item = value.first_child(); item; item = item->next_sibling()) {
    extent.sizes[axis++] = text::parse_count(text::scalar_of(*item, what), smallest);
  }
  extent.given = static_cast<std::uint8_t>(axis + 1);
  return extent;
}

// Axes, which other programs number, have names here, as other choices have.
std::size_t read_choice(text::Value value, std::string_view what,
                        std::span<const std::string_view> names) {
  const text::ScalarText scalar = text::scalar_of(value, what);
  if (!scalar.quoted && text::is_number(scalar.text)) {
    throw SpecError(value.location(), fmt::format("{} must be a name, not {}", what, scalar.text),
                    fmt::format("one of: {}", join(names)));
  }
  return text::parse_choice(scalar, names);
}

// The items of a list, or the single value that stands in its place.
template <class Read>
void each_item(text::Value value, std::string_view what, const Read& read) {
  if (!value.is_sequence()) return read(value);
  if (value.size() == 0) {
    throw SpecError(value.location(), fmt::format("{} must not be empty", what),
                    "write at least one entry");
  }
  for (auto item = value.first_child(); item; item = item->next_sibling()) read(*item);
}

}  // namespace

SettingsReader::SettingsReader(std::optional<text::Value> value, std::string_view component,
                               Location place)
    : component_(component), place_(place) {
  const bool emptied = value && value->is_scalar() && !value->is_quoted() && value->text().empty();
  if (!value || emptied) return;  // by its name alone, or `- batch_norm:` in YAML
  if (value->is_mapping()) {
    fields_.emplace(*value, component);
  } else {
    bare_ = value;
  }
}

std::optional<text::Value> SettingsReader::find(const SettingInfo& info) {
  std::optional<text::Value> value;
  if (fields_) {
    value =
        info.required ? fields_->require(info.name, info.description) : fields_->find(info.name);
  } else if (bare_ && info.shorthand) {
    bare_used_ = true;
    value = bare_;
  }
  if (value) {
    given_.push_back(info.name);
  } else if (info.required) {
    throw SpecError(place_, fmt::format("{} has no '{}'", component_, info.name),
                    std::string(info.description));
  }
  return value;
}

void SettingsReader::count(const SettingInfo& info, std::int64_t& value) {
  if (const auto given = find(info))
    value = text::parse_count(text::scalar_of(*given, info.name), info.smallest);
}

void SettingsReader::count(const SettingInfo& info, std::optional<std::int64_t>& value) {
  if (const auto given = find(info)) {
    value = text::parse_count(text::scalar_of(*given, info.name), info.smallest);
  }
}

void SettingsReader::real(const SettingInfo& info, text::RealRange range, Real& value) {
  const auto given = find(info);
  if (!given) return;
  value = text::parse_real(text::scalar_of(*given, info.name), range);
  if (bare_ && info.is_small && value.nearest > 1) {
    throw SpecError(
        given->location(),
        fmt::format("{0}: {1} would be {2} = {1}", component_, given->text(), info.name),
        fmt::format("the number of features follows from the input: leave it out; if "
                    "it is meant, write {}: {{{}: {}}}",
                    component_, info.name, given->text()));
  }
}

void SettingsReader::real(const SettingInfo& info, text::RealRange range,
                          std::optional<Real>& value) {
  if (const auto given = find(info))
    value = text::parse_real(text::scalar_of(*given, info.name), range);
}

void SettingsReader::flag(const SettingInfo& info, bool& value) {
  if (const auto given = find(info)) value = text::parse_flag(text::scalar_of(*given, info.name));
}

void SettingsReader::choice(const SettingInfo& info, std::span<const std::string_view> names,
                            std::size_t& value) {
  if (const auto given = find(info)) value = read_choice(*given, info.name, names);
}

void SettingsReader::extent(const SettingInfo& info, Extent& value) {
  if (const auto given = find(info)) value = read_extent(*given, info.name, info.smallest);
}

void SettingsReader::padding(const SettingInfo& info, Padding& value) {
  const auto given = find(info);
  if (!given) return;
  if (given->is_scalar() && (given->text() == "same" || given->text() == "valid")) {
    value.kind = given->text() == "same" ? Padding::Kind::same : Padding::Kind::valid;
    return;
  }
  const bool a_word = given->is_scalar() && !given->text().empty() &&
                      std::isalpha(static_cast<unsigned char>(given->text()[0])) != 0;
  if (a_word) {
    throw SpecError(given->location(), fmt::format("unknown {} '{}'", info.name, given->text()),
                    "'same', 'valid', a number, or one for each axis");
  }
  value = {Padding::Kind::explicit_sizes, read_extent(*given, info.name, 0)};
}

void SettingsReader::sizes(const SettingInfo& info, std::vector<std::int64_t>& value) {
  const auto given = find(info);
  if (!given) return;
  value.clear();
  if (!given->is_sequence()) {
    value.push_back(text::parse_count(text::scalar_of(*given, info.name)));
    return;
  }
  for (auto item = given->first_child(); item; item = item->next_sibling()) {
    value.push_back(text::parse_count(text::scalar_of(*item, info.name)));
  }
}

std::optional<text::Value> SettingsReader::take(std::string_view key) {
  return fields_ ? fields_->find(key) : std::nullopt;
}

void SettingsReader::numbers(const SettingInfo& info, Sign sign, std::vector<SignedReal>& value) {
  const auto given = find(info);
  if (!given) return;
  const auto parse = [&](text::Value number) -> SignedReal {
    const text::ScalarText scalar = text::scalar_of(number, info.name);
    if (sign == Sign::any) return text::parse_signed(scalar);
    return {text::parse_real(scalar, text::RealRange::non_negative)};
  };
  value.clear();
  if (!given->is_sequence()) {
    value.push_back(parse(*given));
    return;
  }
  if (given->size() == 0) {
    throw SpecError(given->location(), fmt::format("{} is an empty list", info.name),
                    "a number, or a list of one for each feature");
  }
  value.reserve(given->size());
  for (auto item = given->first_child(); item; item = item->next_sibling()) {
    value.push_back(parse(*item));
  }
}

void SettingsReader::choices(const SettingInfo& info, std::span<const std::string_view> names,
                             std::vector<std::size_t>& value) {
  const auto given = find(info);
  if (!given) return;
  value.clear();
  each_item(*given, info.name,
            [&](text::Value item) { value.push_back(read_choice(item, info.name, names)); });
}

void SettingsReader::finish() const {
  if (fields_) fields_->finish(layer_keys);
  if (!bare_ || bare_used_) return;
  throw SpecError(
      bare_->location(), fmt::format("{} takes no single value", component_),
      fmt::format("write '{}' alone, or '{}: {{...}}' with settings", component_, component_));
}

bool SettingsReader::was_given(std::string_view name) const {
  return std::find(given_.begin(), given_.end(), name) != given_.end();
}

}  // namespace smoothbound
