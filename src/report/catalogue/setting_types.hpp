// What the settings of a component look like from outside: one description for the catalogue and
// the JSON Schema.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "smoothbound/layers/composite.hpp"
#include "smoothbound/layers/layer.hpp"
#include "smoothbound/text/json_writer.hpp"

namespace smoothbound {

/// Puts the members of a JSON Schema.
using Schema = std::function<void(JsonWriter&)>;

struct SettingType {
  SettingInfo info;
  std::string type;           // for people: "positive number"
  std::string default_value;  // empty: none
  Schema schema;
};

/// The settings of a component, in the order of their declaration.
std::vector<SettingType> setting_types(const Component& component);
std::vector<SettingType> setting_types(const Composite& composite);

/// `weights`: a prefix, or a name for each of `words`.
SettingType weights_setting(const std::vector<std::string_view>& words);

/// Schemas of scalars.
Schema schema_of_count(std::int64_t smallest);
Schema schema_of_real(text::RealRange range);

}  // namespace smoothbound
