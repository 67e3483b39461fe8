#include <nlohmann/json.hpp>

#include "setting_types.hpp"
#include "smoothbound/report/catalogue/catalogue.hpp"

namespace smoothbound {
namespace {

using Json = nlohmann::ordered_json;

const Json text{{"type", "string"}};

// The value behind a component's name.
Json schema_of_settings(const Component& component) {
  Json object{{"type", "object"}, {"additionalProperties", false}};
  Json properties = Json::object();
  Json required = Json::array();
  Json bare;
  for (SettingType& setting : setting_types(component)) {
    properties[std::string(setting.info.name)] = setting.schema;
    if (setting.info.required) required.push_back(setting.info.name);
    if (setting.info.shorthand) bare = setting.schema;
  }
  object["properties"] = std::move(properties);
  if (!required.empty()) object["required"] = std::move(required);
  if (bare.is_null()) return object;
  return {{"anyOf", {bare, object}}};
}

Json schema_of_map_item() {
  Json names = Json::array();
  Json properties = Json::object();
  for (const Component& component : prototypes()) {
    if (role_of(component) != Role::non_affine) continue;
    bool needs_settings = false;
    for (const SettingType& setting : setting_types(component)) {
      needs_settings = needs_settings || setting.info.required;
    }
    const std::string name(name_of(component));
    if (!needs_settings) names.push_back(name);
    properties[name] = schema_of_settings(component);
    properties[name]["description"] = formula_of(component);
  }
  return {{"anyOf",
           {{{"enum", std::move(names)}},
            {{"type", "object"},
             {"properties", std::move(properties)},
             {"additionalProperties", false},
             {"minProperties", 1},
             {"maxProperties", 1}}}}};
}

Json schema_of_layer() {
  Json properties{
      {"name", text},
      {"from", {{"type", "string"}, {"description", "the layer to read; default: the one before"}}},
      {"radius", schema_of_real(RealRange::non_negative)},
      {"bias", {{"type", "boolean"}, {"description", "of dense and conv; default: true"}}},
      {"then", {{"type", "array"}, {"items", {{"$ref", "#/definitions/map"}}}}}};
  Json heads = Json::array();
  for (const Component& component : prototypes()) {
    const Role role = role_of(component);
    if (role == Role::non_affine) continue;
    const std::string name(name_of(component));
    heads.push_back(name);
    properties[name] = role == Role::merge
                           ? Json{{"type", "array"}, {"items", text}, {"minItems", 2}}
                           : schema_of_settings(component);
    properties[name]["description"] = formula_of(component);
  }
  // At most one affine part or merge.
  Json pairs = Json::array();
  for (std::size_t i = 0; i < heads.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) pairs.push_back({{"required", {heads[j], heads[i]}}});
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"additionalProperties", false},
          {"not", {{"anyOf", std::move(pairs)}}}};
}

// The settings of a section; `only`: one of them, if not empty.
Json section_of_settings(std::string_view section, std::string_view only = {}) {
  Json properties = Json::object();
  const auto is_here = [&](const auto& setting) {
    return setting.section == section && (only.empty() || setting.key == only);
  };
  for (const CountSetting& setting : count_settings()) {
    if (!is_here(setting)) continue;
    Json schema = schema_of_count(1);
    schema["description"] = setting.description;
    properties[std::string(setting.key)] = std::move(schema);
  }
  for (const RealSetting& setting : real_settings()) {
    if (!is_here(setting)) continue;
    Json schema = schema_of_real(setting.range);
    schema["description"] = setting.description;
    properties[std::string(setting.key)] = std::move(schema);
  }
  return properties;
}

Json schema_of_loss() {
  Json names = Json::array();
  Json properties = Json::object();
  for (const LossRow& loss : loss_table()) {
    names.push_back(loss.name);
    properties[std::string(loss.name)] = {
        {"type", "object"},
        {"properties",
         loss.setting.empty() ? Json::object() : section_of_settings("loss", loss.setting)},
        {"additionalProperties", false},
        {"description", loss.formula}};
  }
  return {{"anyOf",
           {{{"enum", std::move(names)}},
            {{"type", "object"},
             {"properties", std::move(properties)},
             {"additionalProperties", false},
             {"minProperties", 1},
             {"maxProperties", 1}}}}};
}

}  // namespace

void write_schema(const Sink& sink) {
  Json input = section_of_settings("input");
  input["shape"] = {{"type", "array"},
                    {"items", schema_of_count(1)},
                    {"minItems", 1},
                    {"maxItems", Shape::largest_rank},
                    {"description", "[features], [channels, length] or [channels, height, width]"}};
  Json properties{{"$schema", text}, {"name", text}};
  properties.update(section_of_settings(""));
  properties["loss"] = schema_of_loss();
  properties["input"] = {{"type", "object"},
                         {"properties", std::move(input)},
                         {"required", {"shape"}},
                         {"additionalProperties", false}};
  properties["layers"] = {
      {"type", "array"}, {"minItems", 1}, {"items", {{"$ref", "#/definitions/layer"}}}};
  const Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
                    {"title", "smoothbound architecture"},
                    {"type", "object"},
                    {"properties", std::move(properties)},
                    {"required", {"input", "layers"}},
                    {"additionalProperties", false},
                    {"definitions", {{"layer", schema_of_layer()}, {"map", schema_of_map_item()}}}};
  sink(schema.dump(2));
  sink("\n");
}

}  // namespace smoothbound
