// What the settings of a component look like from outside: one description for the catalogue and
// the JSON Schema.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "smoothbound/layers/layer.hpp"

namespace smoothbound {

struct SettingType {
  SettingInfo info;
  std::string type;           // for people: "positive number"
  std::string default_value;  // empty: none
  nlohmann::ordered_json schema;
};

/// The settings of a component, in the order of their declaration.
std::vector<SettingType> setting_types(const Component& component);

/// Schemas of scalars.
nlohmann::ordered_json schema_of_count(std::int64_t smallest);
nlohmann::ordered_json schema_of_real(RealRange range);

}  // namespace smoothbound
