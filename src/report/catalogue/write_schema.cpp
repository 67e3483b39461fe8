#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "setting_types.hpp"
#include "smoothbound/report/catalogue/catalogue.hpp"
#include "smoothbound/spec/settings.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

void put_text_schema(JsonWriter& json) { json.member("type", "string"); }

// The members of the schema of what stands behind a component's name.
void put_settings(JsonWriter& json, const std::vector<SettingType>& settings) {
  const SettingType* shorthand = nullptr;
  std::vector<std::string_view> required;
  for (const SettingType& setting : settings) {
    if (setting.info.required) required.push_back(setting.info.name);
    if (setting.info.shorthand) shorthand = &setting;
  }
  const auto put_object = [&] {
    json.members({{"type", "object"}, {"additionalProperties", false}});
    json.object("properties", [&] {
      for (const SettingType& setting : settings) {
        json.object(setting.info.name, [&] { setting.schema(json); });
      }
    });
    if (!required.empty()) json.member("required", required);
  };
  if (shorthand == nullptr) return put_object();
  json.array("anyOf", [&] {
    json.item([&] { json.object([&] { shorthand->schema(json); }); });
    json.item([&] { json.object(put_object); });
  });
}

// The members of the schema of one of `names`, or of an object with one of them.
template <class PutProperties>
void put_name_or_object(JsonWriter& json, const std::vector<std::string_view>& names,
                        const PutProperties& put_properties) {
  json.array("anyOf", [&] {
    json.item([&] { json.object([&] { json.member("enum", names); }); });
    json.item([&] {
      json.object([&] {
        json.member("type", "object");
        json.object("properties", put_properties);
        json.members({{"additionalProperties", false}, {"minProperties", 1}, {"maxProperties", 1}});
      });
    });
  });
}

void put_map_item(JsonWriter& json) {
  std::vector<const Component*> maps;
  std::vector<std::string_view> names;
  for (const Component& component : prototypes()) {
    if (role_of(component) != Role::non_affine) continue;
    maps.push_back(&component);
    const std::vector<SettingType> settings = setting_types(component);
    const auto is_required = [](const SettingType& setting) { return setting.info.required; };
    if (std::ranges::none_of(settings, is_required)) names.push_back(name_of(component));
  }
  put_name_or_object(json, names, [&] {
    for (const Component* map : maps) {
      json.object(name_of(*map), [&] {
        put_settings(json, setting_types(*map));
        json.member("description", formula_of(*map));
      });
    }
  });
}

// A list of layers, or an object with it and settings.
void put_merge(JsonWriter& json, const Component& component) {
  const auto put_inputs = [&] {
    const InputCount count = input_count_of(component);
    json.member("type", "array");
    json.object("items", [&] { put_text_schema(json); });
    json.member("minItems", static_cast<std::int64_t>(count.fewest));
    if (count.most == count.fewest) {
      json.member("maxItems", static_cast<std::int64_t>(count.most));
    }
  };
  json.array("anyOf", [&] {
    json.item([&] { json.object(put_inputs); });
    json.item([&] {
      json.object([&] {
        json.members({{"type", "object"}, {"additionalProperties", false}});
        json.object("properties", [&] {
          json.object("inputs", put_inputs);
          for (const SettingType& setting : setting_types(component)) {
            json.object(setting.info.name, [&] { setting.schema(json); });
          }
        });
        json.member("required", std::array{"inputs"});
      });
    });
  });
}

// A property for each component that begins a layer.
void put_head(JsonWriter& json, const Component& component) {
  json.object(name_of(component), [&] {
    if (role_of(component) == Role::merge) {
      put_merge(json, component);
    } else {
      put_settings(json, setting_types(component));
    }
    json.member("description", formula_of(component));
  });
}

// The words for arrays of all that can begin a layer.
std::vector<std::string_view> words_of_heads() {
  std::vector<std::string_view> words;
  const auto add = [&](std::string_view word) {
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
  };
  for (const Component& component : prototypes()) {
    if (role_of(component) == Role::non_affine) continue;
    for (const std::string_view word : array_words(component)) add(word);
  }
  for (const Composite& composite : composites()) {
    for (const std::string_view word : weight_words(composite)) add(word);
  }
  return words;
}

void put_layer(JsonWriter& json) {
  std::vector<std::string_view> heads;
  json.member("type", "object");
  json.object("properties", [&] {
    json.object("name", [&] { put_text_schema(json); });
    json.object("from", {{"type", "string"},
                         {"description", "the layer to read; default: the one before"}});
    json.object("radius", [&] { schema_of_real(text::RealRange::non_negative)(json); });
    json.object("bias", [&] {
      const std::string owners = join_or(biased_names());
      json.member("type", "boolean");
      json.member("description", fmt::format("of {}; default: true", owners));
    });
    json.object("share", {{"type", "string"},
                          {"description", "the layer before it whose parameters it takes"}});
    json.object(weights_key, [&] { weights_setting(words_of_heads()).schema(json); });
    json.object("then", [&] {
      json.member("type", "array");
      json.object("items", {{"$ref", "#/definitions/map"}});
    });
    for (const Component& component : prototypes()) {
      if (role_of(component) == Role::non_affine) continue;
      heads.push_back(name_of(component));
      put_head(json, component);
    }
    for (const Composite& composite : composites()) {
      heads.push_back(name_of(composite));
      json.object(name_of(composite), [&] {
        put_settings(json, setting_types(composite));
        json.member("description", formula_of(composite));
      });
    }
  });
  json.member("additionalProperties", false);
  // At most one affine part or merge.
  json.object("not", [&] {
    json.array("anyOf", [&] {
      for (std::size_t i = 0; i < heads.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          const std::array pair{heads[j], heads[i]};
          json.item([&] { json.object([&] { json.member("required", pair); }); });
        }
      }
    });
  });
}

// The properties of the settings of a section; `only`: one of them, if not empty.
void put_section(JsonWriter& json, std::string_view section, std::string_view only = {}) {
  const auto put = [&](const auto& setting, const Schema& schema) {
    if (setting.section != section || !(only.empty() || setting.key == only)) return;
    json.object(setting.key, [&] {
      schema(json);
      json.member("description", setting.description);
    });
  };
  for (const CountSetting& setting : count_settings()) put(setting, schema_of_count(1));
  for (const RealSetting& setting : real_settings()) put(setting, schema_of_real(setting.range));
}

void put_loss(JsonWriter& json) {
  std::vector<std::string_view> names;
  for (const LossRow& loss : loss_table()) names.push_back(loss.name);
  put_name_or_object(json, names, [&] {
    for (const LossRow& loss : loss_table()) {
      json.object(loss.name, [&] {
        json.member("type", "object");
        json.object("properties", [&] {
          for (const std::string_view setting : loss.settings) {
            if (!setting.empty()) put_section(json, "loss", setting);
          }
        });
        json.members({{"additionalProperties", false}, {"description", loss.formula}});
      });
    }
  });
}

void put_input(JsonWriter& json) {
  json.member("type", "object");
  json.object("properties", [&] {
    put_section(json, "input");
    json.object("shape", [&] {
      json.member("type", "array");
      json.object("items", [&] { schema_of_count(1)(json); });
      json.member("minItems", 1);
      json.member("maxItems", Shape::largest_rank);
      json.member("description", Shape::forms);
    });
  });
  json.member("required", std::array{"shape"});
  json.member("additionalProperties", false);
}

}  // namespace

void write_schema(const Sink& sink) {
  JsonWriter json(sink, JsonStyle::indented_by_2);
  json.document([&] {
    json.members({{"$schema", "http://json-schema.org/draft-07/schema#"},
                  // A name that lasts as long as the grammar, and no address.
                  {"$id", "urn:uuid:80d62e0c-76a5-49c5-9146-e47acfe9ab6a"},
                  {"title", "smoothbound architecture"},
                  {"type", "object"}});
    json.object("properties", [&] {
      json.object("$schema", [&] { put_text_schema(json); });
      json.object("name", [&] { put_text_schema(json); });
      put_section(json, "");
      json.object("loss", [&] { put_loss(json); });
      json.object("input", [&] { put_input(json); });
      json.object("layers", [&] {
        json.members({{"type", "array"}, {"minItems", 1}});
        json.object("items", {{"$ref", "#/definitions/layer"}});
      });
    });
    json.member("required", std::array{"input", "layers"});
    json.member("additionalProperties", false);
    json.object("definitions", [&] {
      json.object("layer", [&] { put_layer(json); });
      json.object("map", [&] { put_map_item(json); });
    });
  });
}

}  // namespace smoothbound
