#include "setting_types.hpp"

#include <fmt/format.h>

#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

using Json = nlohmann::ordered_json;

Json schema_of_extent(std::int64_t smallest) {
  const Json one = schema_of_count(smallest);
  return {{"anyOf", {one, {{"type", "array"}, {"items", one}, {"minItems", 1}, {"maxItems", 2}}}}};
}

std::string describe(const Extent& extent) {
  return extent.is_given() ? std::to_string(extent.sizes[0]) : std::string();
}

std::string describe(RealRange range) {
  return range == RealRange::positive ? "positive number" : "number >= 0";
}

// Writes down what it is shown.
class Lister : public SettingsVisitor {
 public:
  void count(const SettingInfo& info, std::int64_t& value) override {
    add(info, fmt::format("integer >= {}", info.smallest), std::to_string(value),
        schema_of_count(info.smallest));
  }
  void count(const SettingInfo& info, std::optional<std::int64_t>& /*value*/) override {
    add(info, fmt::format("integer >= {}", info.smallest), "", schema_of_count(info.smallest));
  }
  void real(const SettingInfo& info, RealRange range, Real& value) override {
    add(info, describe(range), fmt::format("{}", value.nearest), schema_of_real(range));
  }
  void real(const SettingInfo& info, RealRange range, std::optional<Real>& /*value*/) override {
    add(info, describe(range), "", schema_of_real(range));
  }
  void flag(const SettingInfo& info, bool& value) override {
    add(info, "true or false", value ? "true" : "false", {{"type", "boolean"}});
  }
  void choice(const SettingInfo& info, std::span<const std::string_view> names,
              std::size_t& value) override {
    add(info, "one of " + join(names), std::string(names[value]),
        {{"enum", std::vector<std::string>(names.begin(), names.end())}});
  }
  void extent(const SettingInfo& info, Extent& value) override {
    add(info, "integer >= 1, or a list of one for each axis", describe(value), schema_of_extent(1));
  }
  void padding(const SettingInfo& info, Padding& /*value*/) override {
    Json schema = schema_of_extent(0);
    schema["anyOf"].push_back({{"enum", {"same", "valid"}}});
    add(info, "same, valid, integer >= 0, or a list of one for each axis", "valid",
        std::move(schema));
  }
  void sizes(const SettingInfo& info, std::vector<std::int64_t>& /*value*/) override {
    add(info, "list of sizes", "",
        {{"type", "array"}, {"items", schema_of_count(1)}, {"minItems", 1}, {"maxItems", 3}});
  }

  std::vector<SettingType> take() { return std::move(settings_); }

 private:
  void add(const SettingInfo& info, std::string type, std::string default_value, Json schema) {
    if (info.required) default_value.clear();
    schema["description"] = info.description;
    settings_.push_back({info, std::move(type), std::move(default_value), std::move(schema)});
  }

  std::vector<SettingType> settings_;
};

}  // namespace

std::vector<SettingType> setting_types(const Component& component) {
  Component copy = component;
  Lister lister;
  visit_settings(copy, lister);
  return lister.take();
}

Json schema_of_count(std::int64_t smallest) { return {{"type", "integer"}, {"minimum", smallest}}; }

Json schema_of_real(RealRange range) {
  return {{"type", "number"}, {range == RealRange::positive ? "exclusiveMinimum" : "minimum", 0}};
}

}  // namespace smoothbound
