#include "setting_types.hpp"

#include <fmt/format.h>

#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

// One number, or one for each axis, or one of the words.
Schema schema_of_extent(std::int64_t smallest, const std::vector<std::string_view>& words = {}) {
  return [=, one = schema_of_count(smallest)](JsonWriter& json) {
    json.array("anyOf", [&] {
      json.item([&] { json.object([&] { one(json); }); });
      json.item([&] {
        json.object([&] {
          json.member("type", "array");
          json.object("items", [&] { one(json); });
          json.members({{"minItems", 1}, {"maxItems", Shape::most_spatial_axes}});
        });
      });
      if (words.empty()) return;
      json.item([&] { json.object([&] { json.member("enum", words); }); });
    });
  };
}

// One number, or a list.
Schema schema_of_numbers(Sign sign) {
  return [=](JsonWriter& json) {
    const auto one = [&] {
      json.member("type", "number");
      if (sign == Sign::non_negative) json.member("minimum", 0);
    };
    json.array("anyOf", [&] {
      json.item([&] { json.object(one); });
      json.item([&] {
        json.object([&] {
          json.member("type", "array");
          json.object("items", one);
          json.member("minItems", 1);
        });
      });
    });
  };
}

std::string describe_count(std::int64_t smallest) {
  return smallest == text::any_integer ? "integer" : fmt::format("integer >= {}", smallest);
}

std::string describe(const Extent& extent) {
  return extent.is_given() ? std::to_string(extent.sizes[0]) : std::string();
}

std::string describe(text::RealRange range) {
  if (range == text::RealRange::unit_interval) return "number from 0 to 1";
  return range == text::RealRange::positive ? "positive number" : "number >= 0";
}

// Writes down what it is shown.
class Lister : public SettingsVisitor {
 public:
  void count(const SettingInfo& info, std::int64_t& value) override {
    add(info, describe_count(info.smallest), std::to_string(value), schema_of_count(info.smallest));
  }
  void count(const SettingInfo& info, std::optional<std::int64_t>& /*value*/) override {
    add(info, describe_count(info.smallest), "", schema_of_count(info.smallest));
  }
  void real(const SettingInfo& info, text::RealRange range, Real& value) override {
    add(info, describe(range), fmt::format("{}", value.nearest), schema_of_real(range));
  }
  void real(const SettingInfo& info, text::RealRange range,
            std::optional<Real>& /*value*/) override {
    add(info, describe(range), "", schema_of_real(range));
  }
  void flag(const SettingInfo& info, bool& value) override {
    add(info, "true or false", value ? "true" : "false",
        [](JsonWriter& json) { json.member("type", "boolean"); });
  }
  void choice(const SettingInfo& info, std::span<const std::string_view> names,
              std::size_t& value) override {
    add(info, "one of " + join(names), std::string(names[value]),
        [names](JsonWriter& json) { json.member("enum", names); });
  }
  void extent(const SettingInfo& info, Extent& value) override {
    add(info, fmt::format("integer >= {}, or a list of one for each axis", info.smallest),
        describe(value), schema_of_extent(info.smallest));
  }
  void padding(const SettingInfo& info, Padding& /*value*/) override {
    add(info, "same, valid, integer >= 0, or a list of one for each axis", "valid",
        schema_of_extent(0, {"same", "valid"}));
  }
  void sizes(const SettingInfo& info, std::vector<std::int64_t>& /*value*/) override {
    add(info, "list of sizes", "", [](JsonWriter& json) {
      json.member("type", "array");
      json.object("items", [&] { schema_of_count(1)(json); });
      json.members({{"minItems", 1}, {"maxItems", Shape::largest_rank}});
    });
  }
  void choices(const SettingInfo& info, std::span<const std::string_view> names,
               std::vector<std::size_t>& /*value*/) override {
    add(info, "list of " + join(names), "", [names](JsonWriter& json) {
      json.member("type", "array");
      json.object("items", [&] { json.member("enum", names); });
      json.member("minItems", 1);
    });
  }

  void numbers(const SettingInfo& info, Sign sign, std::vector<SignedReal>& /*value*/) override {
    add(info, sign == Sign::any ? "number, or a list" : "number >= 0, or a list of these", "",
        schema_of_numbers(sign));
  }

  std::vector<SettingType> take() { return std::move(settings_); }

 private:
  void add(const SettingInfo& info, std::string type, std::string default_value, Schema schema) {
    if (info.required) default_value.clear();
    settings_.push_back(
        {info, std::move(type), std::move(default_value),
         [schema = std::move(schema), description = info.description](JsonWriter& json) {
           schema(json);
           json.member("description", description);
         }});
  }

  std::vector<SettingType> settings_;
};

template <class Part>
std::vector<SettingType> setting_types_of(Part part) {
  Lister lister;
  visit_settings(part, lister);
  return lister.take();
}

}  // namespace

std::vector<SettingType> setting_types(const Component& component) {
  std::vector<SettingType> settings = setting_types_of(component);
  const std::vector<std::string_view> words = array_words(component);
  if (role_of(component) == Role::non_affine && !words.empty()) {
    settings.push_back(weights_setting(words));
  }
  return settings;
}

std::vector<SettingType> setting_types(const Composite& composite) {
  return setting_types_of(composite);
}

SettingType weights_setting(const std::vector<std::string_view>& words) {
  constexpr std::string_view description = "what files of weights call its arrays";
  return {{.name = weights_key, .description = description},
          "prefix, or a name for each",
          "",
          [words, description](JsonWriter& json) {
            json.array("anyOf", [&] {
              json.item([&] { json.object([&] { json.member("type", "string"); }); });
              json.item([&] {
                json.object([&] {
                  json.member("type", "object");
                  json.object("properties", [&] {
                    for (const std::string_view word : words) {
                      json.object(word, [&] { json.member("type", "string"); });
                    }
                  });
                  json.member("additionalProperties", false);
                });
              });
            });
            json.member("description", description);
          }};
}

Schema schema_of_count(std::int64_t smallest) {
  return [=](JsonWriter& json) {
    json.member("type", "integer");
    if (smallest != text::any_integer) json.member("minimum", smallest);
  };
}

Schema schema_of_real(text::RealRange range) {
  return [=](JsonWriter& json) {
    json.members({{"type", "number"},
                  {range == text::RealRange::positive ? "exclusiveMinimum" : "minimum", 0}});
    if (range == text::RealRange::unit_interval) json.member("maximum", 1);
  };
}

}  // namespace smoothbound
